# Every task of the project. A bare `make` lists them.
#
# Environments are made once and skipped while their lock file is unchanged: the stamp's name
# holds the lock file's hash, so that a fresh clone and a touched file make no difference.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
JOBS ?= auto
ARGS ?=
SECONDS ?= 600

VENV := .venv
NEXT := .venv-next
BIN := $(VENV)/bin
# The lock files hold everything that is needed, so pip need not look for it (--no-deps), and one
# half needs nothing of the other: two pips at once take little more than half the time.
PIP_FLAGS := --quiet --disable-pip-version-check --no-deps --require-hashes
install = awk '/==/ {half = !half} {print > "$(1)/half-" half}' $(2) && \
	printf '%s\n' $(1)/half-0 $(1)/half-1 | xargs -P 2 -I {} $(1)/bin/python -m pip install $(PIP_FLAGS) -r {}

hash = $(firstword $(shell sha256sum $(1) 2>/dev/null || shasum -a 256 $(1)))
RUNTIME_STAMP := $(VENV)/.runtime-$(call hash,requirements.txt)
DEV_STAMP := $(VENV)/.dev-$(call hash,requirements-dev.txt)
NEXT_STAMP := $(NEXT)/.next-$(call hash,requirements-next.txt)

# What runs on PostgreSQL as well: federation (but its wire, which knows no database), models, search.
# What readers' pages show (tests/readers) and editors' forms ask comes from the same models.
FORMS := accounts content_editing editing feedback gate pictures redaction starter
POSTGRES_TESTS := tests/federation tests/playbook --ignore=tests/federation/wire \
	$(FORMS:%=--ignore=tests/playbook/test_%.py) -m "not browser and not process and not long"

.DEFAULT_GOAL := help
.PHONY: help demo compiled env test test-long test-next check fuzz soak messages bench lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Whoever has the test environment has the runtime one: the first lock file holds the second.
$(RUNTIME_STAMP):
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -e $(DEV_STAMP) || { $(call install,$(VENV),requirements.txt); }
	@rm -f $(VENV)/.runtime-* && touch $@

$(DEV_STAMP):
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(call install,$(VENV),requirements-dev.txt)
	@if command -v npm >/dev/null; then npm ci --prefix tests/interop --silent --no-audit --no-fund; fi
	@rm -f $(VENV)/.dev-* && touch $@

# Most of it is in the first environment already, and pip leaves what has the locked version.
$(NEXT_STAMP):
	@test -x $(NEXT)/bin/python || if test -e $(DEV_STAMP); \
		then mkdir -p $(NEXT) && cp -a $(VENV)/lib $(NEXT)/ && $(PYTHON) -m venv --without-pip $(NEXT); \
		else $(PYTHON) -m venv $(NEXT); fi
	@$(call install,$(NEXT),requirements-next.txt)
	@rm -f $(NEXT)/.next-* && touch $@

# Where Python may not write what it compiles, each process that starts would compile it again.
compiled:  ## Compile our own modules
	@$(PYTHON) -m compileall -q -j 0 site playbook federation

demo: $(RUNTIME_STAMP) compiled  ## Run three nodes and watch a play travel between them (ARGS="--once --json")
	@$(BIN)/python manage.py demo $(ARGS)

env: $(DEV_STAMP)  ## Install what the tests need into .venv, from the hash-locked file

# pytest rewrites each test module; a process after the first finds it as it was compiled.
test test-long test-next: export PYTHONDONTWRITEBYTECODE =
test test-long test-next: export TMPDIR := $(shell .ci/scratch)

test: env compiled  ## Run every test on SQLite, then federation and models on PostgreSQL
	env -u TEST_DATABASE_URL $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)
	.ci/postgres $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(POSTGRES_TESTS) $(ARGS)

test-long: env compiled  ## Run the tests that take minutes, then by themselves those that measure time
	env -u TEST_DATABASE_URL $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "long and not quiet" $(ARGS)
	env -u TEST_DATABASE_URL $(BIN)/python -m pytest -n 0 -m quiet $(ARGS)

test-next: $(NEXT_STAMP) compiled  ## Run all but the browser tests on the next Wagtail
	env -u TEST_DATABASE_URL $(NEXT)/bin/python -m pytest -n $(JOBS) --dist loadgroup -m "not browser and not long" $(ARGS)

check: export DJANGO_SETTINGS_MODULE = solidarity.settings.test
check: export PYTHONPATH = site:.
check: env  ## Look for faults without running: style, types, imports, templates, migrations, locks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy federation playbook site/solidarity
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet federation playbook site
	$(BIN)/python manage.py makemigrations --check --dry-run --skip-checks
	$(BIN)/python .ci/locks.py
	$(BIN)/python .ci/messages.py

messages: env  ## Compile the translations (.po to .mo); needs gettext
	$(BIN)/python .ci/messages.py --write

fuzz: env  ## Let libFuzzer look for faults in every parser of the wire (SECONDS=600)
	$(BIN)/python -m tests.fuzz -max_total_time=$(SECONDS) -max_len=65536 -rss_limit_mb=1024 -timeout=10

soak: env  ## Let the state machine of the federation run for hours (SOAK_EXAMPLES=2000)
	SOAK_EXAMPLES=$(or $(SOAK_EXAMPLES),2000) $(BIN)/python -m pytest -n 0 -m long tests/federation/machine $(ARGS)

bench: env  ## Measure the exchange and its floors; prints a table and JSON
	$(BIN)/python -m bench $(or $(ARGS),all)

# Versions are found by uv, which is looked for on the PATH and otherwise put beside the others.
lock: UV = $(or $(shell command -v uv),.venv-lock/bin/uv)
lock: LOCK = $(UV) pip compile pyproject.toml --quiet --generate-hashes --universal \
	--python-version 3.11 --no-header --no-annotate --no-emit-index-url
lock:  ## Find versions anew and write the lock files
	@command -v $(UV) >/dev/null || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv; }
	@echo 'wagtail<7.5' > .venv-lock.in
	$(LOCK) --constraint .venv-lock.in --output-file requirements.txt
	$(LOCK) --constraint requirements.txt --extra dev --output-file requirements-dev.txt
	@echo 'wagtail>=8.0.1' > .venv-lock.in
	$(LOCK) --constraint .venv-lock.in --extra dev --output-file requirements-next.txt
	@rm -f .venv-lock.in
	cd tests/interop && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean:  ## Remove environments, caches and the demo's nodes
	rm -rf $(VENV) $(NEXT) .venv-lock .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf .import_linter_cache dist build demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
