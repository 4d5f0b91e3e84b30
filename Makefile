.DELETE_ON_ERROR:
.PHONY: help setup web suite build wheel validate mutation bench bench-serve bench-pages serve test test-fast fmt check
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
READY := .venv/.ready
SUITE := .venv/shacl-suite
DATASETTE := .venv/datasette/bin/datasette
WEB := api/web/node_modules/.package-lock.json
BUNDLE := api/iotkg_api/static/built-editor.js
SOURCES := $(shell find ontology data queries shapes src ! -name '*.pyc' ! -name __pycache__ 2>/dev/null)

help:      ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "%-10s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "iotkg needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(READY)  ## a .venv with everything pinned

$(WEB): api/web/package.json api/web/package-lock.json
	cd api/web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUNDLE): api/web/package-lock.json api/web/build.mjs $(wildcard api/web/src/*.js)
	@if command -v npm >/dev/null; then cd api/web && \
	  { [ -e node_modules/esbuild ] || npm ci --omit=dev --no-audit --no-fund --loglevel=error; } && node build.mjs; \
	else echo "Node is not here: the pages come without scripts" >&2; fi

web: $(WEB) $(BUNDLE)  ## the pages' scripts, and what tests need of JavaScript (Node 20 or newer)

$(SUITE)/manifest.ttl: $(READY)
	@mkdir -p $(SUITE)
	@sed -n '/^pyshacl==/,/^[^ ].*[^\\]$$/p' requirements.lock | sed '/^    #/,$$d' > $(SUITE)/requirements.txt
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary pyshacl \
	  --require-hashes --dest $(SUITE) -r $(SUITE)/requirements.txt
	@tar -xzf $(SUITE)/pyshacl-*.tar.gz -C $(SUITE) --strip-components=4 --wildcards '*/test/resources/sht_tests/*'
	@touch $@

suite: $(SUITE)/manifest.ttl  ## the W3C SHACL suite, as IOTKG_SHACL_SUITE=.venv/shacl-suite make test reads it

dist/manifest.json: $(READY) $(SOURCES)
	$(BIN)/iotkg build

build: dist/manifest.json  ## check the data and write the release to dist/

wheel: build  ## build/wheel/iotkg-….whl, which carries the release
	@rm -rf build/lib build/wheel src/iotkg/packed
	@cp -rL dist src/iotkg/packed
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w build/wheel .; \
	  status=$$?; rm -rf src/iotkg/packed; exit $$status

validate: $(READY)  ## check the data and write nothing
	$(BIN)/iotkg validate

mutation: $(READY)  ## seed defects into the real data; print which rule finds each (ENGINES=--pyshacl: both engines)
	PYTHONPATH=tests $(BIN)/python -m mutations $(ENGINES)

bench: build  ## time `iotkg validate` beside pySHACL, on the real graph and ten of them (minutes; on a quiet machine)
	$(BIN)/python -m bench.validate

bench-serve: build  ## drive `iotkg serve` and its peers on the same data (minutes; on a quiet machine; needs wrk)
	$(BIN)/python -m bench.serve

$(DATASETTE): bench/datasette.lock
	$(PYTHON) -m venv .venv/datasette
	.venv/datasette/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench-pages: build $(DATASETTE)  ## time pages beside Datasette's on the same rows (a minute or two; needs wrk)
	$(BIN)/python -m bench.pages --datasette $(DATASETTE)

serve: build $(BUNDLE)  ## serve the release at http://127.0.0.1:8000 (HOST=, PORT=)
	$(BIN)/iotkg serve --host $(HOST) --port $(PORT)

fmt: $(READY)  ## lay out Turtle and Python
	$(BIN)/iotkg fmt
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: $(READY)  ## layout, style and types; writes nothing
	$(BIN)/iotkg fmt --check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check build $(BUNDLE)  ## everything, slow tests included
	$(BIN)/pytest --numprocesses auto --dist loadfile

test-fast: check build $(BUNDLE)  ## without the tests that take tens of seconds
	$(BIN)/pytest --numprocesses auto --dist loadfile -m 'not slow and not browser'
