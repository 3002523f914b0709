# setup | run | test | check | fix | bench. Needs Python 3.11 or newer and make; scripts/setup says what else.
.PHONY: setup env run test check fix bench
BIN := .venv/bin

setup: env
	@scripts/compile
	@scripts/assets

env:
	@scripts/setup

run: setup
	$(BIN)/vokrug serve --sample

test: check setup
	@scripts/test

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vokrug docs --check

fix: env
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/vokrug bench sale
