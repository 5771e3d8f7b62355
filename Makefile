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
# What is imported is compiled once, not in each of the many processes here.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check
# uv takes seconds where pip takes minutes. Settings of pip's, such as a mirror, it does not read:
# where it fails, pip is asked.
install = $(BIN)/uv pip install --quiet --require-hashes --python $(1)/bin/python -r $(2) || \
	$(PIP) --python $(1)/bin/python install --quiet --require-hashes -r $(2)
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --python-version 3.13 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

.PHONY: help setup demo test checks coverage fuzz browser checkov templates lint format build local-aws sbom lock bench screenshot clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# Emulated functions alone import these, and write no bytecode; Lambda's runtime has it.
UNWRITTEN := awslambdaric simplejson

setup: $(VENV)/installed ## make .venv and install the command and its tools into it

$(VENV)/installed: requirements-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt > $(VENV)/uv.txt
	$(PIP) install --quiet --require-hashes -r $(VENV)/uv.txt
	$(call install,$(VENV),requirements-dev.txt)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -qq $(addprefix $(VENV)/lib/python3.13/site-packages/,$(UNWRITTEN))
	touch $@

demo: setup ## replay a year of one role through the functions, and show what you would be told
	@$(BIN)/policy-monitor demo

test: ## formatting, rules, types, templates, build, and all tests
	@$(MAKE) --no-print-directory --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync) checks
	$(BIN)/python -m pytest --numprocesses 2

checks: lint browser checkov templates

templates: setup
	$(BIN)/sam validate --lint
	$(BIN)/cfn-lint --regions us-east-1 us-gov-west-1 -- central.yaml

# checkov pins boto3 and others to versions that nothing else here takes: it has a place of its own.
CHECKOV := .venv-checkov
checkov: $(CHECKOV)/installed ## what checkov finds in the templates, but for what they say beside the resource
	$(CHECKOV)/bin/checkov --file template.yaml central.yaml --framework cloudformation \
		--compact --quiet --skip-download

# It works out the table of its parser of JSON paths anew for each path, which takes half of its time,
# where PLY finds none beside the parser. PLY takes a table only for the grammar it was made of.
KEEP_TABLES := import os, ply.yacc, bc_jsonpath_ng.ext.parser as p; \
	ply.yacc.yacc(module=p.ExtentedJsonPathParser(), start="jsonpath", debug=False, \
	tabmodule="parser_jsonpath_parsetab", outputdir=os.path.dirname(p.__file__))
$(CHECKOV)/installed: requirements-checkov.txt | $(VENV)/installed
	test -x $(CHECKOV)/bin/python || $(PYTHON) -m venv --without-pip $(CHECKOV)
	$(call install,$(CHECKOV),requirements-checkov.txt)
	$(CHECKOV)/bin/python -c '$(KEEP_TABLES)'
	touch $@

fuzz: setup ## a hundred thousand hostile events through detect, and each fault at each AWS call
	FUZZED_EVENTS=100000 $(BIN)/python -m pytest tests/fuzz
	FAULTS=all $(BIN)/python -m pytest tests/built/test_faults.py

browser: tests/browser/node_modules/installed

# Without npm the tests of the report's accessibility say that they skip.
tests/browser/node_modules/installed: tests/browser/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel error && touch $@; \
	else echo "npm is missing: axe-core is not installed"; fi

coverage: setup ## fail where fast tests leave out a line or branch of the packages without I/O
	$(BIN)/python -m pytest --quiet --numprocesses 2 tests/unit tests/contract --cov

lint: setup ## formatting, rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup ## put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: setup ## sam build: the functions and layers as they are deployed, and how large the layers are
	$(BIN)/sam build
	@$(BIN)/python benchmarks/layers.py

# From an environment that holds what the layers hold: their metadata say by which licence.
SBOM := build/sbom.json
CYCLONEDX := .venv-sbom
sbom: $(CYCLONEDX)/installed ## list what the layers hold, with versions and licences, in build/sbom.json (CycloneDX)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(SBOM).venv
	$(BIN)/uv pip sync --quiet --require-hashes --python $(SBOM).venv/bin/python \
		layers/runtime/requirements.txt layers/report/requirements.txt
	$(CYCLONEDX)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file $(SBOM) $(SBOM).venv/bin/python
	rm -rf $(SBOM).venv

# What it brings would slow each start of sam and cfn-lint by two seconds.
$(CYCLONEDX)/installed: requirements-sbom.txt | $(VENV)/installed
	test -x $(CYCLONEDX)/bin/python || $(PYTHON) -m venv --without-pip $(CYCLONEDX)
	$(call install,$(CYCLONEDX),requirements-sbom.txt)
	touch $@

local-aws: setup ## an emulated account on 127.0.0.1:4599 for `sam local invoke`; ADDRESS=… listens elsewhere
	@$(BIN)/python -m policy_monitor_cli.local_account --address $(or $(ADDRESS),127.0.0.1)

lock: setup ## pin the newest versions of all requirements, with hashes
	$(COMPILE) layers/runtime/requirements.in -o layers/runtime/requirements.txt
	$(COMPILE) layers/report/requirements.in -o layers/report/requirements.txt
	$(COMPILE) --universal requirements-dev.in -c layers/runtime/requirements.txt -c layers/report/requirements.txt \
		-o requirements-dev.txt
	$(COMPILE) requirements-checkov.in -o requirements-checkov.txt
	$(COMPILE) requirements-sbom.in -o requirements-sbom.txt

bench: build ## measure iamdiff, the report and the functions; ARGS=--write keeps the tables in docs/benchmarks.md
	@for part in comparison smt growth hostile startup report events layers costs coldstart memory; do $(BIN)/python benchmarks/$$part.py $(ARGS) || exit 1; done

screenshot: setup ## take docs/report.png and docs/slack.png anew, of the replay of events/
	$(BIN)/python -m tests.browser.screenshot docs

clean: ## remove what was made here
	rm -rf $(VENV) $(CHECKOV) $(CYCLONEDX) report.html tests/browser/node_modules .aws-sam .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build
