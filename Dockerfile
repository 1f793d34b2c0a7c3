# One image for both the panel and the pretend game of demo/: a container differs by its command only.
ARG PYTHON_IMAGE=python:3.11-slim

# The packages come from a stage of their own: pip stays behind in it, and so does what it was told about
# where to find packages, which may hold a password.
FROM ${PYTHON_IMAGE} AS packages
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
COPY requirements.txt /
RUN python3 -m venv --without-pip /venv \
 && python3 -m pip --python /venv/bin/python3 install --no-cache-dir --disable-pip-version-check \
        --only-binary=:all: --requirement /requirements.txt

FROM ${PYTHON_IMAGE}
# The folder where a Palworld image keeps its saved world; a volume mounted there takes over its owner.
RUN useradd --uid 1000 --create-home --shell /usr/sbin/nologin palserver \
 && install -d -o palserver -g palserver /pal/Package/Pal/Saved
WORKDIR /app
COPY --from=packages /venv /venv
COPY app.py migrations.py ./
COPY palserver ./palserver
# What the page draws its charts with, if npm has installed it. Copying what may be missing needs something beside it
# that never is.
COPY package-lock.json node_module[s] ./node_modules/
COPY demo ./demo
# The user cannot write beside the code, so without this every start would compile it anew.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash .
ENV PATH=/venv/bin:$PATH \
    PALSERVER_HOST=0.0.0.0
USER palserver
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["python3", "-I", "-c", "\
import http.client, os, sys; \
panel = http.client.HTTPConnection(os.environ['PALSERVER_HOST'], int(os.environ.get('PALSERVER_PORT') or 8000), timeout=4); \
panel.request('GET', '/health'); \
sys.exit(panel.getresponse().status != 200)"]
CMD ["python3", "app.py"]
