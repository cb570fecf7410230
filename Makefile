# make quickstart  the whole job on the embedded ml-100k, into outputs/quickstart
# make quickstart-lists  top-10 lists on the same ratings, into outputs/quickstart-lists
# make test        all tests
# make test-fast   those that take no seconds each, all within a minute
# make test-core   the core alone, without torch and RecBole, on any PYTHON from 3.11 to 3.13
# make lint        style and types
# All install into .venv first; PYTHON names the interpreter to make it with.

PYTHON ?= python3.11
PIP := .venv/bin/python -m pip
CORE := .venv-core-$(notdir $(PYTHON))
CORE_TESTS := $(addprefix tests/,artifacts data evaluation metrics reporting test_errors.py test_files.py test_locks.py test_package.py)
# Two processes of one thread each: threads of one that wait for each other would starve the other on few cores
PYTEST := OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=1 python -m pytest -n 2 --dist loadscope

.PHONY: quickstart quickstart-lists test test-fast test-core lint clean

quickstart: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/quickstart.sh

quickstart-lists: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/quickstart_lists.sh

test: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTEST)

test-fast: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTEST) -m 'not slow'

test-core: $(CORE)/installed
	PATH="$(CURDIR)/$(CORE)/bin:$$PATH" $(PYTEST) -m 'not slow' $(CORE_TESTS)

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/ty check

# torch first and alone: left to a range, pip takes a newer build and gigabytes with it
.venv/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet -c constraints.txt torch
	$(PIP) install --quiet -c constraints.txt -e '.[train,baselines,tune,text,dev]'
	touch $@

$(CORE)/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(CORE)
	$(CORE)/bin/python -m pip install --quiet -c constraints.txt -e '.[test]'
	touch $@

clean:
	rm -rf .venv .venv-core-* outputs build
