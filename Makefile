# The ways in. `make` alone lists them; each prepares what it needs, and only once.

VENV    := .venv
BIN     := $(VENV)/bin
PORT    ?= 8000
WORKERS ?= 2
COVERED ?= 95
ALL     := tests ml models/rules
TESTS   ?= $(ALL)
DATA    ?= ../shared/data

UV      := $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header

# The machine's own certificates, where it keeps any; uv brings its own otherwise.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS ?= 1
endif

# What is compiled once need not be compiled by every start.
export UV_COMPILE_BYTECODE ?= 1

# Databases of tests lie in memory where there is room for them and programs may be run from there: a commit waits for
# no disk. That commits are waited for at all, and what is lost where they are not, is tested as everywhere.
MEMORY  := /dev/shm
ifeq ($(shell test -w $(MEMORY) && ! grep -q ' $(MEMORY) .*noexec' /proc/mounts \
	&& test "$$(df -Pm $(MEMORY) | awk 'END {print $$4}')" -gt 3000 && echo room),room)
test: export TMPDIR ?= $(MEMORY)
endif

# One thread a process for BLAS and OpenMP: the test workers already fill the cores.
test bench: export OMP_NUM_THREADS ?= 1
test bench: export OPENBLAS_NUM_THREADS ?= 1

# What pytest writes into the assertions of each file is kept for the next run, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve test chaos check fix bench docs lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/runtime.stamp ## migrate, load a demo workspace, train and serve it (PORT=8000, DEMO_EXIT=1: all but serve)
	@$(BIN)/steadfast demo --port $(PORT)

serve: $(VENV)/runtime.stamp ## serve the database of STEADFAST_DATABASE_URL (PORT=8000)
	@$(BIN)/steadfast serve --port $(PORT)

test: $(VENV)/dev.stamp ## the whole suite with real PostgreSQL and coverage (TESTS=..., WORKERS=2, COVERED=95)
	@$(BIN)/python -m compileall -q api models ml tests
	$(BIN)/pytest --numprocesses $(WORKERS) --dist load --doctest-modules --cov --cov-report=term \
		--cov-report=json:coverage.json --cov-fail-under=$(COVERED) $(TESTS)
	@[ "$(TESTS)" != "$(ALL)" ] || $(BIN)/python tests/areas.py coverage.json

chaos: $(VENV)/dev.stamp ## kills, full and failing disks, clocks, crowds, generated requests: the full rounds, printed
	PYTHONPATH=. $(BIN)/python bench/faults.py $(FIGURES)

check: $(VENV)/dev.stamp ## formatting, lint, types, import rules, house rules, locks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy api models ml tests
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet tests/test_house.py

fix: $(VENV)/dev.stamp ## format, and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp ## print every figure beside what was asked (DATA=folder of public data sets)
	PYTHONPATH=. OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python bench/learning.py --data "$(DATA)"

docs: $(VENV)/dev.stamp ## write the reference pages from the code
	$(BIN)/python docs/reference.py

lock: $(VENV)/dev.stamp ## pin the newest versions pyproject.toml allows (UPGRADE= keeps present pins)
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	$(COMPILE) $(UPGRADE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) $(UPGRADE) --group build -c requirements-dev.lock -o requirements-build.lock
lock: UPGRADE ?= --upgrade

clean: ## remove the environment and every cache; databases stay
	rm -rf $(VENV) dist coverage.json .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment -----------------------------------------------------------------------------------------------

# The newest interpreter that works: a name on the path may be a broken shim, or lack ensurepip.
$(BIN)/python:
	@for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if $$candidate -c 'import ensurepip, sqlite3, ssl, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then echo "environment: $(VENV), from $$($$candidate --version)"; $$candidate -m venv --clear $(VENV); exit; fi; \
	done; \
	echo "Steadfast needs Python 3.11 or newer with venv and sqlite3 (Debian, Ubuntu: apt install python3-venv)." >&2; \
	echo "Name one that is not on the path with: make PYTHON=/path/to/python3" >&2; exit 1

# pip brings uv, uv brings the rest: every file is checked against the hash in its lock.
$(VENV)/build.stamp: requirements-build.lock | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

# An index that pip was told to use (a company's mirror) is the one uv uses; other packages stay, so that a `demo`
# after a `test` takes nothing away.
$(VENV)/runtime.stamp: $(VENV)/build.stamp requirements.lock pyproject.toml
	@$(INDEX) $(UV) pip install --python $(BIN)/python --require-hashes -r requirements.lock
	@$(EDITABLE)
	@touch $@

$(VENV)/dev.stamp: $(VENV)/build.stamp requirements.lock requirements-dev.lock pyproject.toml
	@$(INDEX) $(UV) pip sync --python $(BIN)/python --require-hashes requirements-dev.lock requirements-build.lock
	@$(EDITABLE)
	@touch $(VENV)/runtime.stamp $@

INDEX = index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/pip config get global.index-url 2>/dev/null)}}"; \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi;
EDITABLE = $(UV) pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable . \
	&& $(BIN)/python -m compileall -q api models ml
