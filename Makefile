# Two commands: `make gate` breaks a real cluster and judges it; `make test` runs the tests.
SHELL := /bin/sh
PY := .venv/bin/python
export MYPYPATH := .venv/root
unexport PYTHONDONTWRITEBYTECODE  # thousands of modules are imported: compiled once, not in every process

BOUND := --timeout 600 --timeout-method thread -o timeout_func_only=true
PACKAGES := cli experiments fixtures forecasting infra reports service steady_state

.PHONY: help gate catalog kill-matrix test test-fast test-long lint lock schema dashboards clean setup

help:
	@echo "make gate       bring up a cluster, break it, judge it, write the report"
	@echo "make catalog    the same with every experiment of the catalog: about three quarters of an hour"
	@echo "make kill-matrix  kill a run of every fault at five moments, and see what is left"
	@echo "make test       the tests, on the real cluster too (root): an hour"
	@echo "make test-long  the rest: the quiet cluster's false alarms, the forecaster as image and service: half an hour"
	@echo "make test-fast  what needs neither root nor a cluster, in less than two minutes"
	@echo "make lint       ruff, mypy on everything, and import-linter"
	@echo "make lock       renew requirements.lock"
	@echo "make schema     renew the JSON Schemas in schema/"
	@echo "make dashboards renew reports/grafana/dashboards from their source"
	@echo "make clean      remove what the commands above leave in this folder"

setup:
	@infra/setup.sh

gate: setup
	@$(PY) -m pytest experiments --faultcast-workflow experiments/workflows/release-gate.yaml --faultcast-keep-cluster $(ARGS)

catalog: setup
	@$(PY) -m pytest experiments --faultcast-keep-cluster $(ARGS)

kill-matrix: setup
	@.venv/bin/faultcast up
	@PYTHONPATH=. $(PY) tests/e2e/kill_matrix.py --output bench/results/kill-matrix.json $(ARGS)

test: setup lint
	@$(PY) -m pytest $(BOUND) -m "not long" tests/unit tests/contract tests/plugin tests/fuzz tests/integration tests/statistical tests/e2e $(ARGS)

test-long: setup
	@$(PY) -m pytest $(BOUND) -m long tests/integration tests/e2e $(ARGS)

test-fast: setup
	@$(PY) -m pytest $(BOUND) -n 2 --dist worksteal -m "not slow" tests/unit tests/contract tests/plugin $(ARGS)

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy --config-file pyproject.toml $(PACKAGES:%=-p faultcast.%) -p tests -p bench
	@PYTHONPATH=.venv/root .venv/bin/lint-imports --no-cache

lock: setup
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.12 --upgrade --generate-hashes --no-emit-index-url \
	  --extra dev pyproject.toml --output-file requirements.lock
	@printf 'setuptools>=80\n' | $(PY) -m uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	  --no-emit-index-url --constraint requirements.lock --no-emit-package shap --no-emit-package numba \
	  --no-emit-package llvmlite --extra dask pyproject.toml - --output-file requirements-forecaster.lock

schema: setup
	@$(PY) -c 'from pathlib import Path; from faultcast.fixtures.schemas import write_schemas; write_schemas(Path("schema"))'

dashboards: setup
	@$(PY) -m faultcast.reports.grafana.source.rendering

clean:
	rm -rf .venv build dist *.egg-info allure-results runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
