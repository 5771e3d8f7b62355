# Everything sets itself up: each target below works on a fresh clone with python3.13, make and git.
.DEFAULT_GOAL := help
SHELL := bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3.13
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Dummy credentials and region for what runs on this machine only (moto, botocore's validation).
LOCAL := AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 AWS_EC2_METADATA_DISABLED=true

.PHONY: help setup demo test lint format build lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/installed ## make .venv and install the command and its tools into it

$(VENV)/installed: requirements-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup ## replay a year of this role through the handlers and show what you would be told
	@$(LOCAL) $(BIN)/policy-monitor demo

test: setup lint ## lint, types, template and all tests
	$(LOCAL) $(BIN)/sam validate --lint
	$(LOCAL) $(BIN)/python -m pytest -n 2 --dist loadgroup

lint: setup ## formatting, rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup ## put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: setup ## sam build: the functions and layers as they are deployed
	$(LOCAL) $(BIN)/sam build

lock: setup ## pin the newest versions of all requirements, with hashes
	$(BIN)/uv pip compile -q -U --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--custom-compile-command 'make lock' layers/runtime/requirements.in -o layers/runtime/requirements.txt
	$(BIN)/uv pip compile -q -U --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--custom-compile-command 'make lock' requirements-dev.in -c layers/runtime/requirements.txt -o requirements-dev.txt

clean: ## remove what was built here
	rm -rf $(VENV) .aws-sam .cache .mypy_cache .pytest_cache .ruff_cache build *.egg-info
