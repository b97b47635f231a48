# What a developer runs. Continuous integration calls the same targets (.ci/run).
# Needs Python 3.11 or newer, make and git; uses uv where there is one, `python3 -m venv` and pip where not.

PORT := $(or $(VALETKEY_DEMO_PORT),8000)
PYTHON ?= python3
JOBS ?= 2
UV := $(shell command -v uv 2>/dev/null)
RUN := .venv/bin/python

# A folder of one's own wheels would put a single hash per package into the locks.
LOCK := env -u UV_FIND_LINKS -u PIP_FIND_LINKS uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

ifdef UV
INSTALL := uv pip install --quiet --compile-bytecode --python $(RUN)
else
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check
endif

.PHONY: help demo test check bench pictures lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    service, bundled provider and bundled chat on ports $(PORT) and the next two (VALETKEY_DEMO_PORT)"
	@echo "make test    install what the tests need, then check and run all of them (ARGS='-k name' for some, JOBS=0 one at a time)"
	@echo "make check   ruff, import-linter, mypy"
	@echo "make bench   what a governed call costs beside an ungoverned one"
	@echo "make pictures  the screenshots in docs/pictures anew"
	@echo "make lock    write requirements.lock and requirements-dev.lock anew"
	@echo "make clean   remove the environment and everything built"

demo: .venv/.runtime
	@exec .venv/bin/valetkey demo --port $(PORT)

test: check tests/node/node_modules/.package-lock.json
	@$(RUN) -m pytest -n $(JOBS) --dist loadfile $(ARGS)

check: .venv/.dev
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@.venv/bin/lint-imports --no-logo
	@$(RUN) -m mypy

bench: .venv/.dev
	@$(RUN) -m tests.load.bench $(ARGS)

pictures: .venv/.dev
	@VALETKEY_PICTURES=1 $(RUN) -m pytest -q tests/browser/test_pictures.py tests/browser/test_choosing.py::test_the_page

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv"; exit 1; }
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) pyproject.toml --group dev --all-extras --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv .demo dist build tests/node/node_modules
	rm -rf .pytest_cache .hypothesis .ruff_cache .mypy_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the environment -----------------------------------------------------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Valetkey needs Python 3.11 or newer as '$(PYTHON)'; name another one: make PYTHON=python3.12 ..."; exit 1; }
ifdef UV
	@uv venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
else
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "'$(PYTHON) -m venv' does not work here. On Debian: apt-get install python3-venv. Or install uv."; exit 1; }
endif

.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing Valetkey into .venv (once) ..."
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL) --no-deps --editable .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "Installing Valetkey and what its tests need into .venv (once) ..."
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@$(INSTALL) --no-deps --editable .
	@touch $@ .venv/.runtime

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json .venv/.dev
	@echo "Installing the tests' npm packages into tests/node/node_modules (once) ..."
	@$(RUN) -m tests.harness.node ci --prefix tests/node --silent
	@touch $@
