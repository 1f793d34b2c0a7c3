# Every target sets up what it needs; what is there already is used as it is.
PYTHON ?= python3
SHELL_SCRIPTS = .ci/run $$(find . -name '.?*' -prune -o -name '*.sh' -print)

.DEFAULT_GOAL := help
.PHONY: help run check demo picture test lint bench image engine page

help:  ## what can be done here
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile

run: .venv/product engine page  ## the panel; its settings come from the environment (see README.md)
	exec .venv/bin/python app.py

check: .venv/product  ## what holds, and what a start would take over; touches nothing
	.venv/bin/python app.py --check

demo: image  ## the panel with two pretend game servers
	exec .venv/bin/python -m demo.start

picture: .venv/checks image  ## the pictures in the README, taken anew from the demo
	setup/browser.sh
	.venv/bin/python -m tests.screenshot

test: .venv/checks image  ## every test, against a real engine and a real browser; PYTEST_ARGS goes to pytest
	setup/browser.sh
	setup/compose.sh
	.venv/bin/python -m pytest $(PYTEST_ARGS)

bench: .venv/bench image  ## how fast, how small, against the raw thing; BENCH_ARGS names the groups to measure
	setup/browser.sh
	.venv/bin/python -m bench $(BENCH_ARGS)

lint: .venv/checks  ## style, types and shell scripts
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/shellcheck -x $(SHELL_SCRIPTS)

image: .venv/product engine page  ## the product's image, palserver:local
	setup/python_image.sh
	setup/image.sh

engine:  ## a Docker Engine
	@setup/engine.sh

page:  ## what the page draws its charts with, where there is npm
	@setup/page_assets.sh

# Stamps: the packages are installed again when their list has changed.
.venv/product: requirements.txt
	PYTHON=$(PYTHON) setup/venv.sh requirements.txt
	@touch $@

.venv/checks: tests/requirements.txt requirements.txt
	PYTHON=$(PYTHON) setup/venv.sh tests/requirements.txt
	@touch $@ .venv/product

.venv/bench: bench/requirements.txt tests/requirements.txt requirements.txt
	PYTHON=$(PYTHON) setup/venv.sh bench/requirements.txt
	@touch $@ .venv/checks .venv/product
