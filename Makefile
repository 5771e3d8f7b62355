# Everything sets itself up: each target works on a fresh clone with python3.13, make and git.
.DEFAULT_GOAL := help
SHELL := bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3.13
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Nothing here talks to AWS: a region for botocore, and no reports of use.
export AWS_DEFAULT_REGION ?= us-east-1
export AWS_EC2_METADATA_DISABLED ?= true
export SAM_CLI_TELEMETRY ?= 0
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --python-version 3.13 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

.PHONY: help setup demo test lint format build lock bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/installed ## make .venv and install the command and its tools into it

$(VENV)/installed: requirements-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements-dev.txt
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

demo: setup ## replay a year of one role through the functions, and show what you would be told
	@$(BIN)/policy-monitor demo

test: setup lint ## formatting, rules, types, template, build, and all tests
	$(BIN)/sam validate --lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

lint: setup ## formatting, rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup ## put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: setup ## sam build: the functions and layers as they are deployed
	$(BIN)/sam build

lock: setup ## pin the newest versions of all requirements, with hashes
	$(COMPILE) layers/runtime/requirements.in -o layers/runtime/requirements.txt
	$(COMPILE) requirements-dev.in -c layers/runtime/requirements.txt -o requirements-dev.txt

bench: setup ## measure iamdiff; ARGS=--write keeps the tables in docs/benchmarks.md
	@for part in comparison smt growth hostile startup; do $(BIN)/python benchmarks/$$part.py $(ARGS) || exit 1; done

clean: ## remove what was made here
	rm -rf $(VENV) .aws-sam .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build
