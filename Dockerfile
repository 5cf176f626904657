# syntax=docker/dockerfile:1
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /opt/build && python -m venv /opt/steadfast
COPY requirements-build.lock requirements.lock ./
RUN /opt/build/bin/pip install --require-hashes -r requirements-build.lock \
 && /opt/steadfast/bin/pip install --require-hashes -r requirements.lock
COPY . .
RUN /opt/build/bin/hatchling build --target wheel --directory /wheel \
 && /opt/steadfast/bin/pip install --no-deps --no-index /wheel/*.whl \
 && /opt/steadfast/bin/pip uninstall --yes pip

FROM ${BASE}
LABEL org.opencontainers.image.title="steadfast" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 steadfast \
 && useradd --uid 10001 --gid steadfast --no-create-home --home-dir /data --shell /usr/sbin/nologin steadfast \
 && install --directory --owner steadfast --group steadfast --mode 0700 /data /secrets
COPY --from=build /opt/steadfast /opt/steadfast
COPY --from=build /source/LICENSE /source/NOTICE /usr/share/doc/steadfast/
ENV PATH=/opt/steadfast/bin:$PATH \
    PYTHONUNBUFFERED=1
# The default database is steadfast.db in the working folder, the secret made at first start beside it: the one
# thing to keep.
WORKDIR /data
VOLUME /data
USER steadfast
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=3)"]
CMD ["steadfast", "serve", "--host", "0.0.0.0"]
