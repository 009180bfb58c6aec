# install, lint, test, coverage, torture, demo, bench: each does everything it needs, the set-up included.
PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: install lint test coverage torture demo bench lock audit

install: $(STAMP)

$(STAMP): requirements.lock setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(STAMP)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy augment patn reid pipelines numerics tools
	$(BIN)/lint-imports

test: install
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile

coverage: install
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile --cov --cov-report=term:skip-covered

torture: install
	$(BIN)/python -m tests.torture

demo: install
	$(BIN)/augment demo

bench: install
	$(BIN)/pytest benchmarks --benchmark-quiet

lock: install
	$(BIN)/python -m tests.lock

audit: install
	test -x .venv/audit/bin/pip-audit || ($(PYTHON) -m venv .venv/audit && .venv/audit/bin/pip install --quiet pip-audit)
	$(BIN)/python -m tests.audit .venv/audit/bin/pip-audit
