# sidetap. `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
NATIVE_SOURCES := $(shell find native -name '*.rs' -not -path '*/target/*') native/Cargo.toml native/crates.lock

.DEFAULT_GOAL := help
.PHONY: help setup run behaviours bench test check format apis lock kafka-lock crash schemas freeze native-check clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: .venv/native.stamp ## build everything that is needed, once
	@:

.venv/python.stamp: requirements.lock pyproject.toml
	@sh .ci/prerequisites $(PYTHON)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/native.stamp: .venv/python.stamp $(NATIVE_SOURCES)
	$(PYTHON) native/crates.py restore
	cd native && ../$(BIN)/maturin build --quiet --release --locked --out target/wheels
	$(BIN)/pip install --quiet --no-deps --force-reinstall native/target/wheels/*.whl
	touch $@

run: setup ## everything on this machine, with the demo's traffic, until Ctrl-C
	@$(BIN)/sidetap up --demo

behaviours: setup ## precision and recall of each behaviour over its scenes
	@$(BIN)/python -m tests.unit.browsing

bench: setup ## what this machine reaches, beside the peers that are installed
	@for what in packets detect browsing discovery pipeline; do $(BIN)/sidetap bench $$what || exit 1; done

check: setup ## format, lint, types, tidy and fast tests: under two minutes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests --ignore tests/broker

test: setup ## the tests, with a real Kafka too; the long runs are crash, apis and bench
	$(BIN)/pytest -q tests

apis: setup ## how much discovery finds of a made world: 12 APIs, 2,000 operations, 500,000 exchanges
	$(BIN)/python -m tests.apis

crash: setup ## the long run: kills at the worst moments, compared field by field with calm
	$(BIN)/python -m tests.crash

native-check: ## clippy and the Rust tests
	cd native && cargo fmt --check && cargo clippy --quiet --all-targets --no-default-features -- -D warnings && cargo test --quiet --no-default-features

format: ## format the sources
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet .
	cd native && cargo fmt

schemas: ## regenerate the types from schemas/*.avsc
	$(BIN)/python -m schemas.generate

freeze: ## at a release: keep today's schemas and examples under schemas/past
	$(BIN)/python -m schemas.history

kafka-lock: ## pin the jars of the local Kafka anew
	$(BIN)/python -m services.runtime.kafka_jars

lock: ## pin every dependency anew
	$(BIN)/uv pip compile pyproject.toml --group dev --group train --universal --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --constraints requirements.lock --universal --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements-image.lock
	cd native && cargo update && $(PYTHON) crates.py save
