# Plain commands. `make demo` and `make test` first build .venv, and build it
# again when a kernel or the packaging changed. Another Python:
# make test PYTHON=python3.13
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SOURCES = pyproject.toml setup.cfg setup.py \
	$(wildcard mtlearn/_kernels/*.pyx mtlearn/_kernels/*.pxd mtlearn/_kernels/*.h)

.PHONY: demo test lint build bench papers clean

demo: $(VENV)/installed-cli
	$(BIN)/python -m mtlearn

test: $(VENV)/installed-dev
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(abspath $(BIN)):$$PATH" cython-lint mtlearn/_kernels  # it calls pycodestyle
	$(BIN)/lint-imports

# For an environment of your own that has Cython and setuptools: compiles only
# the kernels that changed, next to their sources.
build:
	$(PYTHON) setup.py build_ext --inplace

bench: $(VENV)/installed-bench
	set -e; for file in benchmarks/bench_*.py; do $(BIN)/python $$file; done

# The published data sets lie in DATA, a folder for each; see docs/datasets.md.
papers: $(VENV)/installed-bench
	set -e; for file in benchmarks/paper_*.py; do $(BIN)/python $$file --data $(DATA); done

clean:
	rm -rf $(VENV) .*_cache build dist *.egg-info mtlearn/_kernels/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per extra of pyproject.toml. Editable, so that tests see the sources
# and the kernels compiled beside them.
$(VENV)/installed-%: $(SOURCES) | $(BIN)/pip
	@echo "Installing mtlearn[$*] into $(VENV): a minute or two"
	@$(BIN)/python -m pip install --quiet --editable ".[$*]"
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || \
	{ echo "mtlearn needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || \
	{ echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv" >&2; exit 1; }
	@command -v $(firstword $(CC)) >/dev/null || \
	{ echo "mtlearn needs a C compiler ($(CC) not found): apt-get install gcc libc6-dev" >&2; exit 1; }
	@test -f "$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_config_var("INCLUDEPY"))')/Python.h" || \
	{ echo "mtlearn needs Python's C headers (Python.h): apt-get install python3-dev" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
