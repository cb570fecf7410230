# make quickstart  the whole job on the embedded ml-100k, into outputs/quickstart
# make quickstart-lists  top-10 lists on the same ratings, into outputs/quickstart-lists
# make test        the tests
# All install into .venv first; PYTHON names the interpreter to make it with.

PYTHON ?= python3.11
PIP := .venv/bin/python -m pip

.PHONY: quickstart quickstart-lists test lint clean

quickstart: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/quickstart.sh

quickstart-lists: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/quickstart_lists.sh

test: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" OMP_WAIT_POLICY=PASSIVE python -m pytest

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

# torch first and alone: left to a range, pip takes a newer build and gigabytes with it
.venv/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet -c constraints.txt torch
	$(PIP) install --quiet -c constraints.txt -e '.[test]'
	touch $@

clean:
	rm -rf .venv outputs
