# Everything a newcomer needs, with nothing but python3 (3.11+), pip and make at hand.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
READY := $(VENV)/.ready

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Fullmakt needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): $(BIN)/uv requirements-dev.lock pyproject.toml
	$(BIN)/uv pip sync --quiet --require-hashes requirements-dev.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: $(READY) ## Make .venv with exactly what the lock file says

.PHONY: demo
demo: $(READY) ## Run the main job on real input, on this machine (Ctrl-C ends it)
	@$(BIN)/fullmakt demo

.PHONY: up
up: $(READY) ## Start the whole stack on this machine: Temporal, API, worker, mail catcher
	@$(BIN)/fullmakt up

.PHONY: test
test: check unit ## Everything CI asks for: format, lint, types, rooms, catalogues, all tests

.PHONY: check
check: $(READY) ## Format, lint, strict types, import rules, catalogues
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m runtime.catalogues check

.PHONY: unit
unit: $(READY) ## All tests (installs Debian's postgresql, chromium-headless-shell and firefox-esr when missing)
	@scripts/debian-packages postgresql chromium-headless-shell firefox-esr
	# Compiled modules are kept, whatever the machine says: tests start many processes.
	# Who has done his own takes from the others: no processor is idle at the end.
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist worksteal

.PHONY: format
format: $(READY) ## Format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: messages
messages: $(READY) ## Bring the catalogues in locale/ up to date with the sources
	$(BIN)/python -m runtime.catalogues update

.PHONY: migration
migration: $(READY) ## Write a migration for changed tables: make migration m="What it adds"
	$(BIN)/python -m store.migrate "$(m)"
	$(BIN)/ruff format --quiet store/migrations

.PHONY: openapi
openapi: $(READY) ## Write docs/openapi.json from the code
	$(BIN)/fullmakt openapi

.PHONY: screenshots
screenshots: $(READY) ## Take pictures of the pages, for docs/ and for those who look after them
	@scripts/debian-packages chromium-headless-shell fonts-liberation
	$(BIN)/python -m tests.browser.screenshots

.PHONY: histories
histories: $(READY) ## Record the workflow histories that replay tests hold every change against
	$(BIN)/python -m tests.replay.record

.PHONY: lock
lock: $(BIN)/uv ## Resolve the newest allowed versions into the lock files
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header pyproject.toml --group dev -o requirements-dev.lock

.PHONY: clean
clean: ## Remove the environment, the embedded stack's data and all caches
	rm -rf $(VENV) .data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
