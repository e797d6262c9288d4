# Two commands matter: `make verify` (set up, then the main job) and `make test` (set up, then all tests).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup torch verify test test-slow test-gpu lint bench clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test,dev]"
	touch $@

# Nothing needs torch; with it the tests of that backend, and those against the package `entmax`, run too.
torch: setup
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable ".[bench]"

verify: setup
	$(BIN)/hopcheck run --profile quick

test: setup
	$(BIN)/python -m pytest -n 2 -q

test-slow: setup
	$(BIN)/python -m pytest -n 2 -q -m slow

# Skips itself where torch sees no CUDA device.
test-gpu: setup
	$(BIN)/python -m pytest -q -m gpu

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/codes.py compare --rows 3,24 3,32 5,19 --starts 32

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
