# Two commands from a bare checkout, with nothing prepared but Python 3.11 or newer: make demo, make test.

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check

.PHONY: help demo test audit clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    set up, solve scenarios/quickstart and show the plan"
	@echo "make test    set up, check style and types, run every test"
	@echo "make audit   look the installed libraries up among known vulnerabilities"
	@echo "make clean   remove the environment and everything that was built (runs/ stays)"

demo: .venv/.ready
	$(BIN)/contactopt run scenarios/quickstart/scenario.yaml
	@$(BIN)/contactopt warmup

test: .venv/.ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m compileall -q optimizer
	@$(BIN)/contactopt warmup
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal

audit: .venv/.ready-dev
	@$(INSTALL) --editable '.[dev,audit]'
	$(BIN)/pytest -rs tests/project/test_dependencies.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A stamp says that the environment holds what pyproject.toml asks for, so that a second call costs nothing.
.venv/.ready: pyproject.toml | $(BIN)/python
	@echo "Installing contactopt and its libraries into .venv (once, a minute or two) …" >&2
	@$(INSTALL) --editable .
	@touch $@

.venv/.ready-dev: pyproject.toml | $(BIN)/python
	@echo "Installing contactopt and its test tools into .venv (once, a minute or two) …" >&2
	@$(INSTALL) --editable '.[dev]'
	@touch .venv/.ready $@

$(BIN)/python:
	@python=$$(PYTHON='$(PYTHON)' .ci/find-python) && "$$python" -m venv --clear .venv
