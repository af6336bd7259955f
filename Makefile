# Every task of the project. `make help` lists them; each builds what it needs first.
#
# Two stamps say what the environment holds: .venv/.runtime (enough to serve) and .venv/.dev (enough to
# test and check). They are renewed only when a lock file changes, so a second `make` starts at once.

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
# The first Python that is new enough; `make PYTHON=/path/to/python` decides otherwise.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null \
	  && { echo $$python; break; }; done)
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

bin := .venv/bin
pip := $(bin)/python -m pip --quiet
# The vendor's own clients, each in an environment of its own: the end-to-end tests connect with them.
clients := connector4 connector5 core snow sqlalchemy
locks := requirements/runtime.lock requirements/build.lock
sources := src tests $(wildcard bench tools)
gated := $(foreach package,domain scim sql,$(if $(wildcard src/rolecall/$(package)/*.py),$(package)))

.DEFAULT_GOAL := help
.PHONY: help serve test check format docs lock wheel bench bench-audit bench-fairness bench-filters bench-groups bench-processor fuzz clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) \
	  | awk -F ':.*## ' '{ printf "make %-15s %s\n", $$1, $$2 }'

serve: .venv/.runtime ## build the environment and run the server (ARGS="--port 0 --ephemeral")
	@exec $(bin)/rolecall serve $(ARGS)

test: .venv/.dev $(if $(strip $(ARGS)),,clients) ## the whole suite with its coverage gates, or a part of it (ARGS="tests/scim -k filter")
ifeq ($(strip $(ARGS)),)
	@$(bin)/python -m pytest --cov --cov-report= < /dev/null
	@for package in $(gated); do \
	  echo "branch coverage of rolecall.$$package, which must be whole:"; \
	  $(bin)/python -m coverage report --include="src/rolecall/$$package/*" --fail-under=100 || exit 1; \
	done
else
	@$(bin)/python -m pytest $(ARGS)
endif

check: .venv/.dev ## format, lint, types, import contracts, documentation
	@$(bin)/ruff format --check --quiet $(sources) $(wildcard docs/*.py)
	@$(bin)/ruff check --quiet $(sources) $(wildcard docs/*.py)
	@$(bin)/mypy --no-error-summary $(sources)
	@$(bin)/lint-imports --no-logo
	@$(MAKE) docs
	@echo "check: format, lint, types, import contracts and documentation are in order"

format: .venv/.dev ## rewrite the sources as the format check wants them
	@$(bin)/ruff format $(sources) $(wildcard docs/*.py)
	@$(bin)/ruff check --fix $(sources) $(wildcard docs/*.py)

docs: .venv/.dev ## build the documentation into docs/_build, warnings are errors
	@$(bin)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build

# The file names in the headers stay relative and no address of an index is written down: a lock is
# versions and hashes. `make lock ARGS=--upgrade` moves every pin that its bounds allow.
compile := CUSTOM_COMPILE_COMMAND="make lock" $(bin)/pip-compile --quiet --strip-extras --allow-unsafe \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	--no-emit-options $(ARGS)

lock: ## write requirements/*.lock anew after a change to the dependencies
	@test -x $(bin)/pip-compile || $(MAKE) .venv/.dev
	@$(compile) --output-file=requirements/runtime.lock pyproject.toml
	@$(compile) --output-file=requirements/build.lock --constraint=requirements/runtime.lock requirements/build.in
	@$(compile) --output-file=requirements/dev.lock requirements/dev.in
	@for client in $(clients); do $(compile) --output-file=requirements/clients/$$client.lock \
	  requirements/clients/$$client.in || exit 1; done
	@! grep -nE '://|^-' requirements/*.lock requirements/clients/*.lock || { echo "a lock file names an address" >&2; exit 1; }

.PHONY: clients
clients: $(foreach client,$(clients),.venv/clients/$(client)/.made) ## the vendor's clients, for the tests

.venv/clients/%/.made: requirements/clients/%.lock
	@echo "building .venv/clients/$*, once ..."
	@rm -rf .venv/clients/$* && $(PYTHON) -m venv .venv/clients/$*
	@.venv/clients/$*/bin/python -m pip --quiet install --require-hashes -r $<
	@touch $@

wheel: .venv/.dev ## build dist/*.whl and dist/*.tar.gz, offline
	@$(bin)/python -m build --quiet --no-isolation --outdir dist .
	@ls -1 dist

bench: .venv/.dev ## measure against the peers (takes minutes, wants the machine for itself)
	@exec $(bin)/python -m bench $(ARGS)

bench-filters: .venv/.dev ## measure filters at 100,000 users (ARGS="--users 100000 1000000")
	@exec $(bin)/python -m bench.filters $(ARGS)

bench-groups: .venv/.dev ## measure changes of groups of 10 to 100,000 members (a minute)
	@exec $(bin)/python -m bench.groups $(ARGS)

bench-processor: .venv/.dev ## processor time of a request, by thread (ARGS="--workload member")
	@exec $(bin)/python -m bench.processor $(ARGS)

bench-fairness: .venv/.dev ## a quiet account beside a flood, with turns and without (two minutes)
	@exec $(bin)/python -m bench.fairness $(ARGS)

bench-audit: .venv/.dev ## measure queries over a million rows of the history (ARGS="--rows 100000")
	@exec $(bin)/python -m bench.audit $(ARGS)

fuzz: .venv/.dev ## feed the SQL parser mutilated statements for ten minutes (ARGS="--seconds 60")
	@exec nice -n 19 $(bin)/python tools/fuzz.py $(ARGS)

clean: ## remove everything that make built; data folders stay
	@rm -rf .venv dist docs/_build .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# pip arrives last in a new environment: an interrupted start is not taken for a finished one.
.venv/bin/pip:
	@test -n "$(PYTHON)" \
	  || { echo "Rolecall needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "building .venv, once ..."
	@$(PYTHON) -m venv .venv

.venv/.runtime: $(locks) pyproject.toml | .venv/bin/pip
	@$(pip) install --require-hashes $(foreach lock,$(locks),-r $(lock))
	@$(pip) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.lock .venv/.runtime
	@$(pip) install --require-hashes -r requirements/dev.lock
	@touch $@
