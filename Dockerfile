# The forecaster as a container: `docker build .` or `podman build .`, from this folder.
#
# BASE has to hold Python 3.12 or 3.13 with pip, and a shell. Two secrets are optional, for machines with an index
# of packages of their own: `pip-conf` (a pip.conf) and `ca` (all certificates to trust, found by that pip.conf as
# /etc/ssl/certs/ca-certificates.crt). Neither stays in the image.
ARG BASE=python:3.13.5-slim-bookworm

# --- what is installed from packages: made anew only when the lock changes
FROM ${BASE} AS dependencies
WORKDIR /build
COPY requirements-forecaster.lock ./
# pip installs with hashes and nothing that is not in the lock. setuptools builds the one dependency that has no
# wheel, and Faultcast itself; it stays here. So does what nothing here uses, 200 MB of it: tests, headers, and
# pyarrow's network protocols. Bytecode is made now, as the containers' file system is read-only.
RUN --mount=type=secret,id=pip-conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    set -eu; \
    sed -n '/^setuptools==/,/^ *#/p' requirements-forecaster.lock > setuptools.lock; \
    python3 -m venv --without-pip /opt/faultcast; \
    pip() { python3 -m pip --no-cache-dir --disable-pip-version-check --python /opt/faultcast/bin/python3 "$@"; }; \
    pip install --quiet --no-compile --no-deps --require-hashes --target /build/tools -r setuptools.lock; \
    export PYTHONPATH=/build/tools; \
    pip install --quiet --no-compile --no-deps --no-build-isolation --require-hashes -r requirements-forecaster.lock; \
    pip uninstall --quiet --yes setuptools; \
    find /opt/faultcast/lib -type d \( -name tests -o -path '*/pyarrow/include' -o -path '*/numpy/_core/include' \) \
      -prune -exec rm -rf {} +; \
    find /opt/faultcast/lib -type f \( -name '*.pyx' -o -name '*.pxd' -o -path '*/pyarrow/*flight*' \
      -o -path '*/pyarrow/*s3*' \) -exec rm -f {} +; \
    /opt/faultcast/bin/python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/faultcast/lib

# --- Faultcast itself: seconds
FROM dependencies AS code
COPY pyproject.toml README.md LICENSE ./
COPY cli ./cli
COPY experiments ./experiments
COPY fixtures ./fixtures
COPY forecasting ./forecasting
COPY infra ./infra
COPY reports ./reports
COPY service ./service
COPY steady_state ./steady_state
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    set -eu; \
    PYTHONPATH=/build/tools python3 -m pip --no-cache-dir --disable-pip-version-check --python /opt/faultcast/bin/python3 \
      install --quiet --no-compile --no-deps --no-index --no-build-isolation --target /opt/code .; \
    /opt/faultcast/bin/python3 -m compileall -q --invalidation-mode unchecked-hash /opt/code; \
    mkdir /build/state

# --- what runs
FROM ${BASE}
COPY --from=dependencies /opt/faultcast /opt/faultcast
COPY --from=code /opt/code /opt/code
# Nothing else is written to than /tmp and this folder: what waits for the database, and what the models have learnt.
COPY --from=code --chown=10001:10001 /build/state /var/lib/faultcast
ENV PATH=/opt/code/bin:/opt/faultcast/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/code \
    PYTHONUNBUFFERED=1 \
    PROMETHEUS_DISABLE_CREATED_SERIES=true \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    USER=faultcast \
    MPLBACKEND=Agg \
    MPLCONFIGDIR=/tmp/matplotlib \
    FAULTCAST_STATE_DIR=/var/lib/faultcast \
    FAULTCAST_FORECAST_LISTEN=0.0.0.0:8080
ARG REVISION=""
ENV FAULTCAST_FORECAST_REVISION=${REVISION}
LABEL org.opencontainers.image.title="Faultcast forecaster" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /tmp
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["faultcast"]
CMD ["forecaster", "serve"]
