# One image a service:
#
#   docker build --build-arg SERVICE=detect --tag sidetap-detect .
#   docker build --build-arg SERVICE=capture --target capture --tag sidetap-capture .
#
# Every stage before `service` is the same for all of them and is built once. The sources stand in
# the image as in the tree: the import name is the file path, and nothing is installed.
ARG PYTHON=python:3.11-slim
ARG RUST=rust:1-slim-bookworm

# The packet path. Its module uses the stable ABI of Python 3.11, so it needs no Python to build.
FROM ${RUST} AS native
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY native native
RUN python3 native/crates.py restore \
 && cargo build --manifest-path native/Cargo.toml --release --locked

# What Python needs, pinned and checked: wheels only, so nothing is compiled.
FROM ${PYTHON} AS packages
COPY requirements-image.lock /build/
RUN python -m venv /opt/sidetap/venv \
 && /opt/sidetap/venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes \
      --requirement /build/requirements-image.lock

FROM ${PYTHON} AS service
# The group and the user have numbers, so that a volume can be given to them from outside.
RUN groupadd --gid 10001 sidetap \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin sidetap \
 && install --directory --owner sidetap --group sidetap /var/lib/sidetap /var/log/sidetap
COPY --from=packages /opt/sidetap/venv /opt/sidetap/venv
COPY --from=native /build/native/target/release/libsidetap_native.so \
     /opt/sidetap/venv/lib/python3.11/site-packages/sidetap_native.abi3.so
COPY LICENSE /opt/sidetap/
COPY schemas /opt/sidetap/schemas
COPY services /opt/sidetap/services
# The root file system is read-only: no bytecode is written, and state lives in Kafka.
ENV PATH=/opt/sidetap/venv/bin:$PATH \
    PYTHONPATH=/opt/sidetap \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /opt/sidetap
ARG SERVICE
RUN python -c "import sidetap_native, services.${SERVICE:?say which: --build-arg SERVICE=detect}"
ENV SERVICE=${SERVICE}
USER sidetap
# exec: signals reach Python itself, so a stop is a clean one.
ENTRYPOINT ["sh", "-c", "exec python -m services.$SERVICE \"$@\"", "sidetap"]

# A packet socket needs CAP_NET_RAW when it is opened. A file capability would not survive
# no-new-privileges, so the agent starts as root with five capabilities: NET_RAW for the socket,
# CHOWN and DAC_OVERRIDE to hand its spool over, SETUID and SETGID to become the user below. It
# gives up all of them before it reads the first packet. libpcap compiles filter expressions.
FROM service AS capture
USER root
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libpcap0.8 \
 && rm -rf /var/lib/apt/lists/*
ENV SIDETAP_CAPTURE__USER=sidetap \
    SIDETAP_CAPTURE__DATA=/var/lib/sidetap/capture
