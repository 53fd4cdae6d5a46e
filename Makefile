# Windtunnel's verbs. Needs make and Python 3.11 to 3.14; everything else lives in .venv. `make help` lists them.

PYTHON  ?= python3
JOBS    ?= 2
VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
REPORTS := build
UV      := 0.13.9

SCENARIO ?= telco/midsize-carrier-quick-v1

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo lint test test-all verify bench lock clean

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY)  ## make .venv with the locked, hash-checked versions, and compile the kernels once

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 14) else 1)' \
	  || { echo "windtunnel needs Python 3.11 to 3.14, and $(PYTHON) is not: try  make setup PYTHON=python3.13" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked versions into $(VENV)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@echo "compiling the kernels (once)"
	@$(BIN)/windtunnel doctor --compile
	@touch $@

demo: $(READY)  ## run the quick scenario and say where its report is
	$(BIN)/windtunnel run $(SCENARIO) --fail-on none
	@runs="$${WINDTUNNEL_OUT:-results/runs}/$(SCENARIO)"; report=$$(ls -t "$$runs"/*/report.html 2>/dev/null | head -n 1); \
	  test -n "$$report" || { echo "the run left no report.html under $$runs" >&2; exit 1; }; \
	  echo "report: $$report"

lint: $(READY)  ## format, lint, types, and the floors of the house
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# One thread per worker: two workers with two threads each only wait for one another.
test test-all: export OMP_NUM_THREADS := 1
test: lint  ## lint, and every test that is neither slow nor a benchmark
	$(BIN)/python -m pytest -m "not slow and not bench" --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder --benchmark-disable

test-all: lint  ## test, and the slow statistical suites
	$(BIN)/python -m pytest -m "not bench" --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder --benchmark-disable

verify: $(READY)  ## run every shipped scenario, made small, and repeat it byte by byte (half an hour)
	$(BIN)/python -m tests.audit.shipped

# pytest-benchmark is content with having measured nothing; this verb is not.
bench: export OMP_NUM_THREADS := 1
bench: $(READY)  ## measure this machine against the budgets; never two at a time
	@mkdir -p $(REPORTS)
	@rm -f $(REPORTS)/bench.json
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only --benchmark-columns=min,median,iqr,rounds \
	  --benchmark-json=$(REPORTS)/bench.json
	@test -s $(REPORTS)/bench.json || { echo "no benchmark was measured: that is not a pass" >&2; exit 1; }

lock:  ## write requirements.lock anew from pyproject.toml; UPGRADE=1 takes newer versions
	@test -x $(REPORTS)/lock/bin/uv || { $(PYTHON) -m venv $(REPORTS)/lock && \
	  $(REPORTS)/lock/bin/python -m pip install --quiet uv==$(UV); }
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(REPORTS)/lock/bin/uv pip compile pyproject.toml --extra dev \
	  --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	  --quiet $(if $(UPGRADE),--upgrade) --output-file requirements.lock

clean:  ## remove what the verbs made, except .venv and results
	rm -rf $(REPORTS) dist .benchmarks .coverage htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find sim harness scenarios tests -name __pycache__ -type d -prune -exec rm -rf {} +
