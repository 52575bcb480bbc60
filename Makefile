# Everything a person or CI does here. `make help` lists it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# An environment of another Python is made anew where PYTHON was given, and kept where it was not.
CHOSEN := $(if $(filter file default,$(origin PYTHON)),,--chosen)

.DEFAULT_GOAL := help
.PHONY: help install torch servers run serve check test test-slow lint format type docs bench reproduce clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install:  ## a virtual environment with everything, in .venv; made or mended where it must be
	$(if $(shell command -v "$(PYTHON)"),,$(error Expected PYTHON=<a Python>. Received $(PYTHON), which is not found. Try: make PYTHON=python3))
	@"$(PYTHON)" tools/install.py "$(VENV)" $(CHOSEN)

# PyTorch's CPU build has an index of its own; the usual one would bring gigabytes of CUDA. A mirror
# that has the CPU build needs no index: where this one is out of reach, pip goes on without it.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
torch: install  ## PyTorch's CPU build besides, for its tests and for procedures in PyTorch
	@$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --retries 1 --constraint constraints.txt --extra-index-url $(TORCH_INDEX) --editable '.[torch]'
	@$(BIN)/python -c 'import torch'

run: install  ## reconstruct updating sets of handwritten digits, offline, and say where the picture is
	$(BIN)/python -m trainers.msr

serve: install  ## write models.config for all exports, and print the docker line that serves them
	$(BIN)/python -m ulk_tf serve-config

check: install  ## whether TF Serving will run every export
	$(BIN)/python -m ulk_tf check

# Bytecode is kept even where the environment forbids it: dozens of processes import the package.
test: install  ## the fast tests, with branch coverage
	rm -f .coverage .coverage.*
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m 'not slow' --numprocesses=2 --dist=loadscope --cov --cov-report=
	$(BIN)/python -m coverage report --fail-under=90

servers: install  ## MLServer and MLflow in build/servers, each in an environment of its own, for the tests
	$(BIN)/python -m tools.servers build/servers

test-slow: install  ## every test, the long ones too
	$(BIN)/python -m pytest --hypothesis-profile=thorough --numprocesses=2 --dist=loadscope

lint: install  ## style, unused code, docstrings, common bugs, which folder may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

format: install  ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: install  ## mypy, strict
	$(BIN)/mypy

docs: install  ## the API reference from the docstrings, in build/docs
	$(BIN)/python -m tools.reference

bench: torch  ## speed beside PyTorch, about ten minutes: results and docs/PERFORMANCE.md
	$(BIN)/python -m benchmarks

PRESET ?= default
reproduce: install  ## run every recorded result again, hours (PRESET=quick: minutes), and compare
	$(BIN)/python -m reproduction.reproduce --preset=$(PRESET)

clean:  ## remove the virtual environment, runs and caches (exports stay)
	rm -rf $(VENV) runs build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*
