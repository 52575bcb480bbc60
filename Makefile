# Everything a person or CI does here. `make help` lists it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install run serve check test test-slow lint format type bench reproduce clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: $(INSTALLED)  ## a virtual environment with everything, in .venv
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ulk_tf needs Python 3.11 or newer; received %s. Try: make PYTHON=python3.11" % sys.version.split()[0])'
	@echo "Installing packages into $(VENV): one to some minutes, 2.5 GB, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,lint]'
	@touch $@

run: $(INSTALLED)  ## reconstruct updating sets of handwritten digits, offline, and say where the picture is
	$(BIN)/python -m trainers.msr

serve: $(INSTALLED)  ## write models.config for all exports, and print the docker line that serves them
	$(BIN)/python -m ulk_tf serve-config

check: $(INSTALLED)  ## whether TF Serving will run every export
	$(BIN)/python -m ulk_tf check

test: $(INSTALLED)  ## the fast tests, with branch coverage
	rm -f .coverage .coverage.*
	$(BIN)/python -m coverage run -m pytest -m 'not slow'
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --fail-under=85

test-slow: $(INSTALLED)  ## every test, the long ones too
	$(BIN)/python -m pytest

lint: $(INSTALLED)  ## style, unused code, docstrings, common bugs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(INSTALLED)  ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(INSTALLED)  ## mypy, strict
	$(BIN)/mypy

# PyTorch's CPU build has an index of its own; the usual one would bring gigabytes of CUDA.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
bench: $(INSTALLED)  ## speed beside PyTorch, about ten minutes: results and docs/PERFORMANCE.md
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --extra-index-url $(TORCH_INDEX) --editable '.[bench]'
	$(BIN)/python -m benchmarks

PRESET ?= default
reproduce: $(INSTALLED)  ## run every recorded result again, hours (PRESET=quick: minutes), and compare
	$(BIN)/python -m reproduction.reproduce --preset=$(PRESET)

clean:  ## remove the virtual environment, runs and caches (exports stay)
	rm -rf $(VENV) runs build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
