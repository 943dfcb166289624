# Every target brings its own .venv from a bare python3: `make demo` works in a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
  --custom-compile-command "make lock"
# A run of the tests starts a hundred processes; without compiled files each compiles the whole product.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo up bench test test-all mutants matrix try-deploy try-image try-hosts check lock image words golden

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "motcua needs Python 3.11 or later as '$(PYTHON)'; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)
	$(BIN)/motcua demo

up: $(STAMP)
	$(BIN)/motcua up

# A quarter of an hour on two idle cores; read docs/performance.md first.
bench: $(STAMP)
	@mkdir -p .motcua
	$(BIN)/python -m benchmarks engine --json .motcua/bench-engine.json $(ARGS)

# The short tier (tests/long.py); ARGS='tests/faults/test_gateway.py' runs all of a file.
test: $(STAMP)
	@tests/install_programs
	$(BIN)/pytest -n 4 --dist worksteal $(ARGS)

# Both tiers; without ARGS also what the long one took: commit tests/seconds.json and tests/ran.json when all have passed.
test-all: $(STAMP)
	@tests/install_programs chromium:chromium curl:curl
	@mkdir -p .motcua
	$(BIN)/pytest -n 4 --dist worksteal --all --junitxml=.motcua/tests.xml $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m tests.tiers .motcua/tests.xml)

# Hours; go on where it was ended by calling it again. ARGS=rules/time for one package; read docs/testing.md first.
mutants: $(STAMP)
	$(BIN)/python -m tests.mutation $(ARGS)

# Long; a few of it are in `make test-all`. ARGS='--only 60' for so many; read docs/testing.md first.
matrix: $(STAMP)
	$(BIN)/python -m tests.matrix $(ARGS)

# Both by themselves; minutes, as root (docs/operations.md, "The image", "Three hosts").
try-deploy: try-image try-hosts

# Builds the image, runs its processes for a filing, alone and by compose, and checks the manifests, with podman.
try-image: $(STAMP)
	@tests/deploying/install_programs
	$(BIN)/pytest -n 0 --timeout=1200 tests/deploying/image.py tests/deploying/compose.py tests/deploying/kubernetes.py $(ARGS)

# Three hosts in network namespaces, one disturbance after the other, 200 filings. ARGS='--filings 20' for fewer.
try-hosts: $(STAMP)
	$(BIN)/python -m tests.deploying.hosts $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --all --collect-only --quiet --quiet

# Current releases of everything, with hashes and without the address of any registry; of these, what the image needs.
lock: $(STAMP)
	$(LOCK) --upgrade --extra stack --extra traces --group dev --group bench -o requirements.lock pyproject.toml
	$(LOCK) --no-annotate --extra traces -c requirements.lock -o deploy/image/requirements.lock pyproject.toml

# The platform's image, installed from wheels without a network: deploy/image/build says what it needs.
image: $(STAMP)
	deploy/image/build $(ARGS)

# Compiles schemas/words/*.po, the sentences that people read, to catalogue.py beside them.
words: $(STAMP)
	$(BIN)/python -m tests.words.compiled

# Records what the contract tests compare with; read the diff before committing it.
golden: $(STAMP)
	MOTCUA_GOLDEN=write $(BIN)/pytest tests/contract tests/replay/write_golden.py
	MOTCUA_GOLDEN=write $(BIN)/pytest tests/integration/record/test_tamperings.py -k structure
	MOTCUA_GOLDEN=write $(BIN)/pytest tests/replay/test_commands.py
