# One line each, the same that CI runs. PYTHON names the interpreter that makes the virtual environment.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
ARGS ?=

.PHONY: demo up test check bench doctor docs clean

demo: .venv/.runtime
	@$(BIN)/mam demo $(ARGS)

up: .venv/.runtime
	@$(BIN)/mam up $(ARGS)

doctor: .venv/.runtime
	@$(BIN)/mam doctor

test: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: .venv/.dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: .venv/.dev
	@missed=; for bench in bench/bench_*.py; do $(BIN)/python $$bench || missed="$$missed $$bench"; done; \
	if [ -n "$$missed" ]; then echo "Missed:$$missed"; exit 1; fi

docs: .venv/.dev
	$(BIN)/python -m schema.document

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.runtime: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.dev: .venv/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv data
