"""Programs that the panel runs: what they get, what is read of them, and that nothing of them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from palserver import errors
from palserver.background import Background
from palserver.clients import shell
from tests.marked import Mark
from tests.panel import PROJECT
from tests.waiting import wait_until

# What bash itself adds for its children.
ADDED_BY_BASH = {"PWD", "OLDPWD", "SHLVL", "_"}
IGNORE_TERM = "trap '' TERM; echo ready; while :; do sleep 0.1; done"


@pytest.fixture
def mark() -> Iterator[Mark]:
    mark = Mark()
    yield mark
    mark.kill_all()


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.stop()


class Runner:
    """Runs commands one after the other and keeps what they said."""

    def __init__(self, mark: Mark, background: Background, folder: Path) -> None:
        self.mark, self.background, self.folder = mark, background, folder
        self.lines: list[str] = []
        self.groups: list[int] = []
        self.cancelled = Event()

    def run(self, *arguments: str, limit_seconds: float = 60.0) -> shell.Ended:
        command = shell.Command(arguments, self.folder, self.mark.environment, limit_seconds)
        listener = shell.Listener(self.groups.append, self.lines.append)
        return shell.run(command, listener, self.cancelled, self.background)

    def run_script(self, script: str, limit_seconds: float = 60.0) -> shell.Ended:
        return self.run("/bin/bash", "-c", script, limit_seconds=limit_seconds)

    def cancel_at(self, line: str) -> gevent.Greenlet:
        def wait() -> None:
            wait_until(lambda: line in self.lines, f"the script says {line}")
            self.cancelled.set()

        return self.background.spawn("cancelling", wait)


@pytest.fixture
def runner(mark, background, tmp_path) -> Iterator[Runner]:
    """Afterwards nothing that was run is left: no process, no descriptor, no greenlet."""
    runner = Runner(mark, background, tmp_path)
    runner.run("/bin/true")  # the first use of gevent's loop opens descriptors of its own
    wait_until(lambda: len(background) == 0, "the greenlets are gone")
    before = len(os.listdir("/proc/self/fd"))
    yield runner
    assert mark.list_processes() == []
    wait_until(lambda: len(background) == 0, "the greenlets are gone")
    assert len(os.listdir("/proc/self/fd")) == before


def test_output_and_exit_code(runner):
    """Both streams come as one, line by line and in order, with how the program ended."""
    ended = runner.run_script("echo one; echo two >&2; echo three; exit 3")
    assert runner.lines == ["one", "two", "three"]
    assert ended == shell.Ended(3, ("one", "two", "three"))


def test_lines_are_text_whatever_the_bytes(runner):
    """Broken UTF-8 is replaced, Windows line ends go, the last line needs no end, long lines are cut."""
    runner.run_script(r"printf '팰월드\r\n\xff\n\nno end'")
    assert runner.lines == ["팰월드", "�", "", "no end"]
    runner.lines.clear()
    runner.run_script("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after")
    assert runner.lines == ["x" * shell.MAX_LINE_BYTES, "after"]


def test_a_character_cut_in_two_by_the_pipe_is_whole(runner):
    """Bytes are joined before they are decoded."""
    runner.run_script(r"printf '\xed\x8c'; sleep 0.2; printf '\xb0\n'")
    assert runner.lines == ["팰"]


def test_the_last_lines_are_kept(runner):
    """However much was said, the end of it is at hand."""
    ended = runner.run_script("seq 1000; exit 1")
    assert ended.last_lines == tuple(str(number) for number in range(1000 - shell.KEPT_LINES + 1, 1001))


def test_words_stay_words(runner):
    """No shell looks at the words on their way."""
    words = ["$(touch made)", "; touch made", "`touch made`", "a b", "*", "", "-n", "한국어"]
    runner.run("/usr/bin/printf", "%s\\n", *words)
    assert runner.lines == words
    assert list(runner.folder.iterdir()) == []


def test_the_program_gets_what_it_was_given_and_nothing_else(runner):
    """Environment, folder and input; of ours it has no variable and no descriptor."""
    runner.run_script("env | cut -d= -f1; echo -; pwd; cat; ls -l /proc/$$/fd | sed 's/.* //'")
    separator = runner.lines.index("-")
    assert set(runner.lines[:separator]) - ADDED_BY_BASH == {"PATH", "TEST_MARK"}
    folder, total, given_input, *outputs = runner.lines[separator + 1 :]
    assert (folder, total, given_input) == (str(runner.folder), "0", "/dev/null")
    assert len(outputs) == 2
    assert outputs[0] == outputs[1] != "/dev/null"


def test_a_session_of_its_own(runner):
    """A signal to the panel's terminal or group does not reach the program."""
    runner.run_script("cut -d' ' -f5,6 /proc/$$/stat")
    group, session = map(int, runner.lines[0].split())
    assert group == session
    assert session != os.getsid(0)


def test_a_program_killed_by_a_signal(runner):
    """The code says by which, and no shell's remark about it gets into the output."""
    assert runner.run_script("echo soon; kill -KILL $$").exit_code == 128 + signal.SIGKILL
    assert runner.run_script("kill -TERM $$").exit_code == 128 + signal.SIGTERM
    assert runner.lines == ["soon"]


def test_what_a_program_leaves_behind_is_ended(runner, mark):
    """The job is over when the program is; its children do not go on in secret."""
    assert runner.run_script("sleep 1000 & echo done").exit_code == 0
    assert runner.lines == ["done"]
    assert mark.list_processes() == []


def test_cancel_ends_the_whole_group(runner, mark):
    """Grandchildren and those that ignore SIGTERM included."""
    runner.cancel_at("ready")
    with pytest.raises(errors.Cancelled):
        runner.run_script(f"sleep 1000 & (sleep 1001 & sleep 1002) & {IGNORE_TERM}")
    assert mark.list_processes() == []


def test_a_program_may_tidy_up(runner):
    """It gets SIGTERM and a moment, and what it says then is still heard."""
    runner.cancel_at("ready")
    with pytest.raises(errors.Cancelled):
        runner.run_script("trap 'echo tidy; exit 1' TERM; echo ready; sleep 1000 & wait")
    assert runner.lines == ["ready", "tidy"]


def test_the_time_limit(runner, mark):
    """What takes too long is ended in the same way."""
    with pytest.raises(errors.ScriptTimedOut):
        runner.run_script(f"sleep 1000 & {IGNORE_TERM}", limit_seconds=0.5)
    assert mark.list_processes() == []


def test_a_grandchild_that_got_away_does_not_hold_us_up(runner, mark):
    """It left the group and keeps the pipe open; the program has ended all the same."""
    script = "mkfifo away; setsid bash -c 'echo >away; exec sleep 1000' & read -r <away; echo done"
    assert runner.run_script(script).exit_code == 0
    assert runner.lines == ["done"]
    assert len(mark.list_processes()) == 1
    mark.kill_all()
    wait_until(lambda: not mark.list_processes(), "the runaway is gone")


@pytest.mark.parametrize("flood", ["/usr/bin/yes", "/usr/bin/cat /dev/zero"])
def test_a_flood_does_not_keep_others_from_running(runner, background, flood):
    """A greenlet with a clock gets its turns while the pipe always has more, and can end it."""

    def tick() -> None:
        for _ in range(20):
            gevent.sleep(0.001)
        runner.cancelled.set()

    background.spawn("ticking", tick)
    command = shell.Command(tuple(flood.split()), runner.folder, runner.mark.environment, 60.0)
    deaf = shell.Listener(lambda group: None, lambda line: None)
    with pytest.raises(errors.Cancelled):
        shell.run(command, deaf, runner.cancelled, background)


def test_many_at_once(runner, background):
    """Each has its own output and its own end."""
    running = [
        background.spawn("running", runner.run_script, f"sleep 0.2; echo {number}; exit {number}")
        for number in range(10)
    ]
    gevent.joinall(running)
    assert [greenlet.value.exit_code for greenlet in running] == list(range(10))
    assert sorted(runner.lines) == [str(number) for number in range(10)]


def test_a_killed_greenlet_leaves_nothing(runner, background, mark):
    """A job that is killed, as at the end of the panel, takes its program along."""
    running = background.spawn("running", runner.run_script, "echo ready; sleep 1000")
    wait_until(lambda: runner.lines == ["ready"], "the script runs")
    running.kill()
    assert mark.list_processes() == []


def test_what_cannot_be_started(runner):
    """A folder that is gone is a failure in our words."""
    runner.folder = runner.folder / "gone"
    with pytest.raises(errors.ScriptFailed):
        runner.run_script("echo never")


def test_a_killed_guard(runner, mark):
    """Even if somebody kills the guard, the program is ended and the end is told as a failure."""
    assert runner.run_script("kill -KILL $PPID; sleep 1000").exit_code == -signal.SIGKILL
    assert mark.list_processes() == []


PANEL = """
from gevent import monkey; monkey.patch_all()
import sys
from pathlib import Path
import gevent
from gevent.event import Event
from palserver.background import Background
from palserver.clients import shell
background = Background()
environment = {"PATH": "/usr/bin:/bin", "TEST_MARK": sys.argv[1]}
def run(script):
    command = shell.Command(("/bin/bash", "-c", script), Path("/"), environment, 60.0)
    listener = shell.Listener(lambda group: None, lambda line: print(line, flush=True))
    shell.run(command, listener, Event(), background)
gevent.joinall([background.spawn("script", run, script) for script in sys.argv[2:]])
"""


def test_kill_9_of_the_panel_ends_its_children(mark):
    """They end by themselves, whatever they are at and whatever they ignore."""
    scripts = [
        "echo ready; sleep 1000",
        "sleep 1000 & (sleep 1001 & sleep 1002) & echo ready; wait",
        IGNORE_TERM,
        f"bash -c {IGNORE_TERM!r} & trap 'exit 0' TERM; wait",
        "echo ready; exec yes",
    ]
    program = [sys.executable, "-c", PANEL, mark.value, *scripts]
    panel = subprocess.Popen(program, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert panel.stdout is not None
    with panel.stdout:
        ready = 0
        while ready < len(scripts):
            ready += panel.stdout.readline() == "ready\n"
        assert len(mark.list_processes()) > 3 * len(scripts)
        panel.kill()
        panel.wait()
    wait_until(lambda: mark.list_processes() == [], "nothing of the panel's is left")


def test_a_leftover_of_an_earlier_process_is_ended(runner, background):
    """By the number of its group, if that is still the group of a program of ours."""
    running = background.spawn("script", runner.run_script, "echo ready; sleep 1000")
    wait_until(lambda: "ready" in runner.lines, "it runs")
    shell.end_leftover(os.getpgid(os.getpid()))  # somebody else's: we go on
    assert runner.mark.list_processes() != []
    shell.end_leftover(runner.groups[-1])
    running.join(10)
    assert runner.mark.list_processes() == []
