# Everything from one command: `make run`. Nothing but Python 3.11+ and make has to be installed.
.POSIX:
SHELL = /bin/sh

PORT ?= $(if $(MILLITASK_PORT),$(MILLITASK_PORT),8000)
DATA ?= $(if $(MILLITASK_DATA_DIR),$(MILLITASK_DATA_DIR),.data)
WORKERS ?= $(if $(MILLITASK_WORKERS),$(MILLITASK_WORKERS),1)
N ?= 1000000

BIN = .venv/bin
ENV = MILLITASK_PORT='$(PORT)' MILLITASK_DATA_DIR='$(DATA)' MILLITASK_WORKERS='$(WORKERS)'
COMPILE = $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --python-version 3.11

# Most tests wait for something, so several run at once; those that work hard, and ask how that went, have the machine alone.
TESTS = $(BIN)/python -m pytest -m 'not slow' -n 4 --dist loadfile
APART = tests/faults tests/acceptance/web

help: ## this list
	@echo 'make <target>  (PORT=$(PORT) DATA=$(DATA) WORKERS=$(WORKERS) N=$(N))'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r name text; do printf '  %-15s %s\n' "$$name" "$$text"; done

run: .venv/run.stamp ## everything: dependencies, the web page, stores, migrations, the service (PORT= DATA= WORKERS=)
	@$(BIN)/python -m tools.page || true
	@$(ENV) exec $(BIN)/python -m api serve

dev: .venv/run.stamp ## the service, and the page with hot reload on http://127.0.0.1:3000 (PORT= DATA=)
	@$(ENV) exec $(BIN)/python -m tools.dev

page: .venv/run.stamp ## build the web page, if its sources have changed
	@$(BIN)/python -m tools.page

test: .venv/dev.stamp ## all tests, but for the long campaigns
	@$(BIN)/python -m tools.page
	$(TESTS) $(APART:%=--ignore=%)
	$(BIN)/python -m pytest -m 'not slow' $(APART)

check: .venv/dev.stamp ## the quick part of the tests
	@$(BIN)/python -m tools.page
	$(TESTS) $(APART:%=--ignore=%) --ignore=tests/acceptance --ignore=tests/model

model: .venv/dev.stamp ## explore the protocol, the long version (20 minutes)
	$(BIN)/python -m tests.model

test-redis: .venv/dev.stamp ## the tests of the cache, on the machine's redis-server
	@folder=$$(mktemp -d) && redis-server --port 0 --unixsocket "$$folder/redis.sock" --save '' \
		--maxmemory 256mb --maxmemory-policy volatile-lfu --daemonize yes --pidfile "$$folder/pid" \
		--logfile "$$folder/log" && sleep 1; \
	TEST_REDIS_URL="unix://$$folder/redis.sock" $(BIN)/python -m pytest tests/integration/cache; \
	status=$$?; kill "$$(cat "$$folder/pid")"; rm -rf "$$folder"; exit $$status

lint: style types web-lint ## ruff, mypy --strict, and the web page's own

style: .venv/dev.stamp ## the form of the code: ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp ## the types of the code: mypy --strict
	$(BIN)/mypy

web-lint: .venv/dev.stamp ## the web page's: eslint, prettier, tsc
	$(BIN)/python -m tools.page lint

docs: .venv/dev.stamp ## whether what the documents point at is there
	$(BIN)/python -m pytest -q tests/integration/docs

format: .venv/dev.stamp ## put the code into ruff's form, the web page's into prettier's
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m tools.page format

load: .venv/run.stamp ## N tasks into the running service (N= PORT=)
	@exec $(BIN)/python -m loadgen load --count '$(N)' --url 'http://127.0.0.1:$(PORT)/graphql'

bench-protocol: .venv/dev.stamp ## what staying right costs, and what is left without Redis (N=)
	@exec $(BIN)/python -m benchmarks.protocol $(N)

fuzz: .venv/dev.stamp ## generated operations, judged (N= requests, 100000 unless given)
	$(BIN)/python -m tests.fuzz --count $(if $(filter command line environment,$(origin N)),$(N),100000)

bench-live: .venv/dev.stamp ## how soon subscribers hear of a change, and how many one process can tell
	@exec $(BIN)/python -m benchmarks.live

bench-search: .venv/dev.stamp ## searches and filters over N rows
	@exec $(BIN)/python -m benchmarks.search $(N)

bench-ship: .venv/dev.stamp ## layers, starts, stops and memory of what compose.yaml runs, with N tasks
	@exec $(BIN)/python -m benchmarks.ship $(N)

faults: .venv/dev.stamp ## the fault campaign, hours; goes on where it was (CASE= SEED= COUNT= MINUTES=)
	$(BIN)/python -m tests.faults $(if $(CASE),--case $(CASE)) $(if $(SEED),--seed $(SEED)) \
		$(if $(COUNT),--count $(COUNT)) $(if $(MINUTES),--minutes $(MINUTES))

bench-indexes: .venv/dev.stamp ## what the indexes of search and filters cost a write (N= rows)
	@exec $(BIN)/python -m benchmarks.indexes $(if $(filter command line environment,$(origin N)),$(N),100000)

faults-short: .venv/dev.stamp ## the short faults, under the history checker
	$(BIN)/python -m pytest tests/faults

test-million: .venv/dev.stamp ## the page's list over a million tasks, in a browser
	$(BIN)/python -m pytest tests/acceptance/web/test_large.py -m slow

screenshots: .venv/dev.stamp ## a picture of each view into reports/web/ (N= tasks in the long list, 100000 unless given)
	$(BIN)/python -m tests.acceptance.web.screenshots $(if $(filter command line environment,$(origin N)),$(N))

bench-web: .venv/dev.stamp ## the page in a browser: load, interaction, jumps, memory (N=)
	@exec $(BIN)/python -m benchmarks.web $(N)

bench: .venv/run.stamp ## the benchmarks; writes a table
	@exec $(BIN)/python -m benchmarks.page $(N)

verify: .venv/run.stamp ## hold Redis against PostgreSQL in the running service (DATA=, REPAIR=1 mends)
	@$(ENV) exec $(BIN)/python -m api verify $(if $(REPAIR),--repair)

reindex: .venv/run.stamp ## build the index anew in the running service (DATA=)
	@$(ENV) exec $(BIN)/python -m api reindex

reset: .venv/run.stamp ## delete the embedded data, after asking (DATA=)
	@$(ENV) exec $(BIN)/python -m api reset

schema: .venv/run.stamp ## write schema/schema.graphql and docs/reference.md
	@$(BIN)/python -m api schema > schema/schema.graphql.new
	@mv schema/schema.graphql.new schema/schema.graphql
	@$(BIN)/python -m api schema --reference > docs/reference/schema.md.new
	@mv docs/reference/schema.md.new docs/reference/schema.md

# Every lock, into a folder (with its slash): what stands there is kept, but for what --upgrade lifts.
LOCKS = $(COMPILE) $(1) --extra embedded pyproject.toml -o $(2)requirements.lock && \
	$(COMPILE) pyproject.toml -c $(2)requirements.lock -o $(2)requirements-image.lock && \
	$(COMPILE) $(1) --extra embedded --extra dev pyproject.toml -c $(2)requirements.lock \
		-o $(2)requirements-dev.lock && \
	$(COMPILE) $(1) --group web -c $(2)requirements-dev.lock -o $(2)requirements-web.lock

lock: .venv/dev.stamp ## put the newest versions that pyproject.toml allows into the locks
	$(call LOCKS,--upgrade)

lock-check: .venv/dev.stamp ## whether the locks are what pyproject.toml asks for
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cp requirements*.lock "$$folder" && \
	$(call LOCKS,,"$$folder/") && \
	for lock in requirements*.lock; do \
		sed "s|-c $$folder/|-c |" "$$folder/$$lock" | diff -u "$$lock" - | head -20 | grep . && stale=1; \
	done; \
	[ -z "$$stale" ] || { echo 'error: a lock is older than pyproject.toml; run make lock' >&2; exit 1; }

audit: .venv/dev.stamp ## ask whether the dependencies have known holes; skipped where the service is not reached
	@$(BIN)/python .ci/audit.py

# The stamps say which lock the environment has been built from.
.venv/run.stamp: .venv/bin/python requirements.lock
	@echo 'Installing the dependencies into .venv …'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/dev.stamp: .venv/bin/python requirements-dev.lock
	@echo 'Installing the dependencies for developing into .venv …'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ .venv/run.stamp

.venv/bin/python:
	@for python in python3 python3.13 python3.12 python3.11; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import venv, ensurepip' 2>/dev/null || { missing=$$python; continue; }; \
		echo "Making .venv with $$("$$python" --version) …"; \
		rm -rf .venv && exec "$$python" -m venv .venv; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "error: $$missing has no venv module; install it (Debian, Ubuntu: apt install python3-venv)" >&2; \
	else \
		echo 'error: Python 3.11 or newer is needed, and none is on the PATH' >&2; \
	fi; \
	exit 1

.PHONY: help run dev page test check model test-redis lint style types web-lint docs format load bench-protocol \
	fuzz bench-live bench-search bench-ship faults bench-indexes faults-short test-million screenshots bench-web \
	bench verify reindex reset schema lock lock-check audit
