# Two commands: `make run` and `make test`. Both work on a fresh machine with Python 3.11+ and make.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
BENCH ?= fhirpath store apply apply_rest fhir pages
FLASK := $(BIN)/python -W ignore::DeprecationWarning -m flask --app app.factory

.PHONY: run test check serve bench translations clean help

help:             ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

run: $(VENV)/run.stamp translations   ## database, national content, a demo region, then the server on 127.0.0.1:$(PORT)
	@PORT=$(PORT) $(FLASK) start --demo

serve: $(VENV)/run.stamp translations ## the production server: SECRET_KEY and DATABASE_URL from the environment, no demo data
	@MASLAK_ENV=production PORT=$(PORT) $(FLASK) start

test: $(VENV)/test.stamp translations ## everything: both databases, both languages, the browser when chromium is there
	$(BIN)/python -m pytest -n 2 --dist loadgroup -q

check: $(VENV)/test.stamp translations ## ruff, layers, types, messages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy app/fhir app/store
	$(BIN)/python scripts/translations.py --check

bench: $(VENV)/test.stamp translations ## the figures; see docs/benchmarks.md (a quarter of an hour; BENCH="apply fhir" for some)
	@missed=0; for name in $(BENCH); do echo "== $$name"; $(BIN)/python -W ignore -m bench.$$name || missed=1; done; exit $$missed

translations: $(VENV)/run.stamp
	@$(BIN)/python scripts/translations.py

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit("Maslak needs Python 3.11 or newer: this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Making the virtual environment…"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/python.stamp requirements/run.txt
	@echo "Installing what Maslak needs (about a minute)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -r requirements/run.txt
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements/test.txt
	@echo "Installing what the tests need…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -r requirements/test.txt
	@touch $@

clean:            ## remove the environment and the local database
	rm -rf $(VENV) var
