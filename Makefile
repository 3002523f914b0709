# setup | run | test | check | fix | bench. Needs Python 3.11 or newer and make; scripts/setup says what else.
.PHONY: setup run test check fix bench
BIN := .venv/bin

setup:
	@scripts/setup

run: setup
	$(BIN)/vokrug serve --sample

test: check
	@scripts/test

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vokrug docs --check

fix: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/vokrug bench sale
