# Everything starts with `make run`. It needs only Python 3.11 or newer, with venv, and make.
.POSIX:
SHELL = /bin/sh

PORT ?= $(if $(MILLITASK_PORT),$(MILLITASK_PORT),8000)
DATA ?= $(if $(MILLITASK_DATA_DIR),$(MILLITASK_DATA_DIR),.data)
WORKERS ?= $(if $(MILLITASK_WORKERS),$(MILLITASK_WORKERS),1)
N ?= 1000000
SUITE ?= page

BIN = .venv/bin
ENV = MILLITASK_PORT='$(PORT)' MILLITASK_DATA_DIR='$(DATA)' MILLITASK_WORKERS='$(WORKERS)'
# N as an option, only if the caller set it: benchmarks and fuzz have their own defaults.
N_OPTION = $(if $(filter command line environment,$(origin N)),--count '$(N)')
COMPILE = $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --python-version 3.11

# Bytecode is always cached: otherwise each worker compiles every test. A test that hangs fails after 600 s.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m 'not slow' --timeout 600
PARALLEL = -n 4 --dist worksteal
# Tests that share a service are a group. Without the reordering, the longest tests start first.
PARALLEL_GROUPS = -n 4 --dist loadgroup --no-loadscope-reorder
# Each of these has two services and a Redis of its own, and races in them must have time to occur.
PARALLEL_FAULTS = -n 2 --dist worksteal
# Each of these processes has a browser, a service and stores of its own.
BROWSERS = -n 2 --dist loadfile --no-loadscope-reorder
COVER = --cov --cov-report=term:skip-covered

help:
	@echo 'make TARGET [PORT=$(PORT)] [DATA=$(DATA)] [WORKERS=$(WORKERS)] [N=$(N)]'
	@sed -n -e 's/^## \(.*\)/\n\1/p' -e 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | \
		while IFS='|' read -r name text; do [ "$$text" ] && printf '  %-13s %s\n' $$name "$$text" || echo "$$name"; done

## Run

run: .venv/run.stamp ## start everything: dependencies, web page, stores, migrations, service
	@$(BIN)/python -m tools.page || true
	@$(ENV) exec $(BIN)/python -m api serve

dev: .venv/run.stamp ## start the service, and the web page with hot reload on http://127.0.0.1:3000
	@$(ENV) exec $(BIN)/python -m tools.dev

page: .venv/run.stamp ## build the web page, if its sources have changed
	@$(BIN)/python -m tools.page

load: .venv/run.stamp ## create N tasks in the running service (N= PORT=)
	@exec $(BIN)/python -m loadgen load --count '$(N)' --url 'http://127.0.0.1:$(PORT)/graphql'

image: .venv/run.stamp ## build the image without Docker, as root, with Debian's buildah and debootstrap
	@$(BIN)/python -m tools.image

## Test

test: .venv/dev.stamp ## run all tests, with short campaigns (COVERAGE=1 measures what the unit and integration tests cover)
	@$(BIN)/python -m tools.page
	$(BIN)/python -m tools.page test
	$(PYTEST) $(PARALLEL) $(if $(COVERAGE),$(COVER)) tests/unit tests/integration
	$(PYTEST) $(PARALLEL_GROUPS) tests/acceptance tests/fuzz tests/leaks tests/model --ignore=tests/acceptance/web
	$(PYTEST) $(PARALLEL_FAULTS) tests/faults
	$(PYTEST) $(BROWSERS) tests/acceptance/web

coverage: .venv/dev.stamp ## measure which code the unit and integration tests cover, and require a minimum
	$(PYTEST) $(PARALLEL) $(COVER) tests/unit tests/integration

check: .venv/dev.stamp ## run the unit and integration tests
	$(PYTEST) $(PARALLEL) --hypothesis-profile=quick tests/unit tests/integration

lint: .venv/dev.stamp ## check style and types: ruff, mypy --strict, eslint, prettier, tsc
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# Each of these uses one core, so they run at the same time.
	@$(BIN)/python -m tools.page lint & web=$$!; $(BIN)/mypy || failed=1; wait $$web || failed=1; exit $${failed:-0}

format: .venv/dev.stamp ## format the code: ruff, prettier
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m tools.page format

audit: .venv/dev.stamp ## look for known vulnerabilities in the dependencies
	@$(BIN)/python .ci/audit.py

## Benchmarks and campaigns

bench: .venv/dev.stamp ## run a benchmark (SUITE= page, protocol, search, live, ship, indexes, web, filters, use, fairness, identity, workspaces, cluster, failover, pooler, sizing, telemetry, usage, warm, transfer, views; N= ROWS= QUICK=1 MINUTES=)
	@exec $(BIN)/python -m benchmarks '$(SUITE)' $(N_OPTION) $(if $(ROWS),--rows '$(ROWS)') $(if $(QUICK),--quick) \
		$(if $(MINUTES),--minutes '$(MINUTES)')

faults: .venv/dev.stamp ## run the fault campaign for hours, from where it stopped (CASE= SEED= COUNT= MINUTES=)
	$(BIN)/python -m tests.faults $(if $(CASE),--case $(CASE)) $(if $(SEED),--seed $(SEED)) \
		$(if $(COUNT),--count $(COUNT)) $(if $(MINUTES),--minutes $(MINUTES))

fuzz: .venv/dev.stamp ## send generated operations and damaged requests, let clients leave, and check the responses (N= operations, default 100000)
	$(BIN)/python -m tests.fuzz $(or $(N_OPTION),--count 100000)

leaks: .venv/dev.stamp ## try to reach tasks of other workspaces (N= attempts, default 100000; SEED=)
	$(BIN)/python -m tests.leaks $(or $(N_OPTION),--count 100000) $(if $(SEED),--seed $(SEED))

fuzz-compiler: .venv/dev.stamp ## compare compiled operations with graphql-core (COUNT= operations, default 1000000)
	$(BIN)/python -m tests.fuzz.differential $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

typing: .venv/dev.stamp ## type into the web page during faults, and look for lost keystrokes (N= SEED= FAULTS= PROCESSES=)
	$(BIN)/python -m tests.acceptance.web.typing $(or $(N_OPTION),--count 500) $(if $(SEED),--seed $(SEED)) \
		$(if $(FAULTS),--faults $(FAULTS)) --processes $(or $(PROCESSES),4)

mutants: .venv/dev.stamp ## change the protocol and the limits, and see whether a test fails (GROUPS= SAMPLE= SEED= AGAIN=1)
	$(BIN)/python -m tests.mutation $(if $(GROUPS),--groups $(GROUPS)) $(if $(SAMPLE),--sample $(SAMPLE)) \
		$(if $(SEED),--seed $(SEED)) $(if $(AGAIN),--again)

model: .venv/dev.stamp ## explore the model of the cache protocol (tens of minutes)
	$(BIN)/python -m tests.model

stress: .venv/dev.stamp ## write to the declared views for minutes, and compare them with the rows
	$(BIN)/python -m pytest -q -m slow tests/integration/cache/test_view_stress.py

## Maintain

screenshots: .venv/dev.stamp ## take the pictures of docs/tutorial/tour.md in a browser (N= tasks, ONLY=name,name)
	@exec $(BIN)/python -m tests.acceptance.web.tour $(N_OPTION) $(if $(ONLY),--only '$(ONLY)')

verify: .venv/run.stamp ## compare Redis with PostgreSQL in the running service (DATA=, REPAIR=1 repairs differences)
	@$(ENV) exec $(BIN)/python -m api verify $(if $(REPAIR),--repair)

reindex: .venv/run.stamp ## rebuild the Redis index of the running service (DATA=)
	@$(ENV) exec $(BIN)/python -m api reindex

reset: .venv/run.stamp ## delete the data of the embedded stores, after a confirmation (DATA=)
	@$(ENV) exec $(BIN)/python -m api reset

schema: .venv/run.stamp ## write schema/schema.graphql and the reference in docs/
	@$(BIN)/python -m api schema > schema/schema.graphql.new
	@mv schema/schema.graphql.new schema/schema.graphql
	@$(BIN)/python -m api schema --reference > docs/reference/schema.md.new
	@mv docs/reference/schema.md.new docs/reference/schema.md

# Compiles every lock file into a folder, given with its slash. Locked versions stay, except with --upgrade.
LOCKS = $(COMPILE) $(1) --extra embedded pyproject.toml -o $(2)requirements.lock && \
	$(COMPILE) $(1) --extra embedded --extra dev pyproject.toml -c $(2)requirements.lock \
		-o $(2)requirements-dev.lock && \
	$(COMPILE) --extra telemetry --extra sentry pyproject.toml -c $(2)requirements-dev.lock \
		-o $(2)requirements-image.lock && \
	$(COMPILE) $(1) --group web -c $(2)requirements-dev.lock -o $(2)requirements-web.lock

lock: .venv/dev.stamp ## upgrade the locked dependencies within the ranges of pyproject.toml
	$(call LOCKS,--upgrade)

lock-check: .venv/dev.stamp ## check that the lock files match pyproject.toml
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cp requirements*.lock "$$folder" && \
	$(call LOCKS,,"$$folder/") && \
	for lock in requirements*.lock; do \
		sed "s|-c $$folder/|-c |" "$$folder/$$lock" | diff -u "$$lock" - | head -20 | grep . && stale=1; \
	done; \
	[ -z "$$stale" ] || { echo 'error: a lock file does not match pyproject.toml; run make lock' >&2; exit 1; }

# A stamp file is newer than the lock file from which the environment was installed.
.venv/run.stamp: .venv/bin/python requirements.lock
	@echo 'Installing the dependencies into .venv …'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/dev.stamp: .venv/bin/python requirements-dev.lock
	@echo 'Installing the development dependencies into .venv …'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ .venv/run.stamp

.venv/bin/python:
	@for python in python3 python3.13 python3.12 python3.11; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import venv, ensurepip' 2>/dev/null || { missing=$$python; continue; }; \
		echo "Creating .venv with $$("$$python" --version) …"; \
		rm -rf .venv && exec "$$python" -m venv .venv; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "error: $$missing has no venv module; install it (Debian, Ubuntu: apt install python3-venv)" >&2; \
	else \
		echo 'error: Python 3.11 or newer is required, but none is on the PATH' >&2; \
	fi; \
	exit 1

.PHONY: help run dev page load image test coverage check lint format audit bench faults fuzz fuzz-compiler typing mutants \
	model stress screenshots verify reindex reset schema lock lock-check
