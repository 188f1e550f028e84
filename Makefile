# The commands of development. CONTRIBUTING.md says when to use which.
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup fast test long lint format coverage gold pictures benchmark fuzz dist

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-10s %s\n' "$$name" "$$text"; done

setup: ## Make .venv with all that the tests need from PyPI, and the checkout installed editable.
	python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev,test,long]'

fast: ## Run the fast tests: about 15 seconds.
	$(BIN)/pytest --quiet -m 'not slow'

test: ## Run the tests, as the README does: about 3 minutes.
	$(BIN)/pytest

long: ## Run the other tests, which take long by nature: about 8 minutes.
	$(BIN)/pytest -m 'long or shared'

lint: ## Check style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy inspec_textfile tests

format: ## Format the code, fix what ruff can fix, and show the rest.
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .
	$(BIN)/ruff check .

coverage: ## Show which lines the fast tests do not run, in child processes too.
	$(BIN)/coverage erase
	$(BIN)/coverage run $(BIN)/pytest --quiet --numprocesses=0 -m 'not slow'
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

gold: ## Renew the gold files in tests/gold.
	PYTHONPATH=tests $(BIN)/python -m helpers.gold
	git status --short tests/gold

pictures: ## Renew the pictures of the README in docs/pictures.
	PYTHONPATH=tests $(BIN)/python -m helpers.pictures

benchmark: ## Measure time and memory of the program, installed as users have it.
	python3 -m venv .venv-benchmark
	.venv-benchmark/bin/pip install --quiet .
	.venv-benchmark/bin/python tests/benchmark/run.py

fuzz: ## Try new cases of the property tests, and 200,000 hostile reports: takes an hour.
	$(BIN)/pytest -m hypothesis --hypothesis-profile=default
	PYTHONPATH=tests $(BIN)/python -m helpers.fuzz --long

dist: ## Build the release artefacts in dist/. CONTRIBUTING.md says what else a release takes.
	contrib/release/build
