# All commands of this project; `make` lists them.
#   make up DETACH=1          in the background           make up FRESH=1     start without the data of earlier runs
#   make test TESTS=tests/http
#   RISK_HUB_PORT=8800        port, by default 8787       PYTHON=/path/to/python3    the Python to use
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
LOCAL_VENV := .local/venv
PEERS := .peers
PY := $(VENV)/bin/python
LOCAL_PY := $(LOCAL_VENV)/bin/python
TYPED := contracts/src client/src events functions infra tests tools requirements/install.py
TESTS ?= tests
OF_STAGE = $(if $(STAGE),--stage-name '$(STAGE)')
# Context values of a stage, for example: make assembly STAGE=prod ALLOWED_NETWORKS=203.0.113.0/24
GIVEN = $(foreach key,ALLOWED_NETWORKS CRITICAL_SUBSCRIBERS WARNING_SUBSCRIBERS RUNBOOK_BASE ROLLOUT HOT_DAYS HISTORY_RETENTION_DAYS MOVE_SETTLE_SECONDS OLD_SNAPSHOTS GROSS_EXPOSURE_MAX PERMISSIONS_BOUNDARY WRITER_CONCURRENCY READER_CONCURRENCY DOMAIN_NAME CERTIFICATE_ARN BASE_PATH,$(if $($(key)),-c '$(shell echo $(key) | tr A-Z a-z)=$($(key))'))
DEPLOY = $(PY) -m infra.ops.deploy
TO_STAGE = --stage '$(STAGE)' $(if $(ASSEMBLY),--assembly '$(ASSEMBLY)') $(if $(ACCOUNT),--account '$(ACCOUNT)') $(if $(DIGEST),--digest '$(DIGEST)') $(if $(URL),--url '$(URL)') $(if $(STACK),--stack '$(STACK)')
PYTEST_ARGS ?= -n 2 --dist loadgroup --no-loadscope-reorder

export PYTHONPATH := .:contracts/src:client/src
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
# The tests start hundreds of Python processes: without bytecode files, each compiles the project again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: local-env ## start the hub on this machine and publish a sample world (Ctrl-C stops it)
	@$(LOCAL_PY) -m infra.local up $(if $(DETACH),--detach) $(if $(FRESH),--fresh)

.PHONY: down
down: ## stop the hub that `make up` started
	@if [ -x $(LOCAL_PY) ]; then $(LOCAL_PY) -m infra.local down; else echo "The local stage is not running."; fi

.PHONY: status
status: ## print whether the hub runs on this machine, and its address
	@if [ -x $(LOCAL_PY) ]; then $(LOCAL_PY) -m infra.local status; else echo "The local stage is not running."; exit 1; fi

.PHONY: queues
queues: local-env ## print depth and age of every queue (STAGE=prod: of a deployed stage)
	@$(LOCAL_VENV)/bin/risk-hub queues $(OF_STAGE)

.PHONY: replay
replay: local-env ## announce snapshots again: WORLD=us20 FROM=<first as_of> TO=<last as_of>
	@$(LOCAL_VENV)/bin/risk-hub events replay --world '$(WORLD)' --from '$(FROM)' --to '$(TO)' $(OF_STAGE)

.PHONY: test
test: dev-env ## run the whole test suite
	@$(PY) -m pytest $(PYTEST_ARGS) $(TESTS)

.PHONY: transcript
transcript: dev-env ## run the commands of the guides and write docs/transcript-*.md
	@RISK_HUB_TRANSCRIPT=1 $(PY) -m pytest -n 0 tests/local_stage/test_guides.py -k 'publishing.md or operating.md'

.PHONY: check
check: lint spelling imports types generated ## run lint, types, import rules and spelling, and check that generated files are up to date

.PHONY: lint
lint: dev-env
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

.PHONY: spelling
spelling: dev-env
	$(VENV)/bin/codespell

.PHONY: imports
imports: dev-env
	$(VENV)/bin/lint-imports
	$(VENV)/bin/deptry .

.PHONY: types
types: dev-env
	$(PY) -m mypy $(TYPED)

.PHONY: generated
generated: dev-env
	$(PY) -m risk_hub_contracts.api.generate --check
	$(PY) -m risk_hub_contracts.compatibility
	$(PY) -m events.generate --check
	$(PY) -m tools.event_samples.emitted --check
	$(PY) -m infra.cdk.synth_local --check

.PHONY: hooks
hooks: dev-env ## install the steps of `make check` as git hooks, before each commit and push
	@$(VENV)/bin/pre-commit install

.PHONY: format
format: dev-env ## format and fix the code with ruff
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

.PHONY: contracts
contracts: dev-env ## regenerate OpenAPI, schemas, examples and event samples
	$(PY) -m risk_hub_contracts.api.generate
	$(PY) -m events.generate
	$(PY) -m tools.event_samples.emitted

.PHONY: site
site: dev-env ## build the documentation site into .build/site; a broken link is an error
	@$(PY) -m tools.site

.PHONY: release
release: dev-env ## freeze the contract, its wire format and its records under contracts/released/ (docs/upgrade.md)
	@$(PY) -m tools.upgrades.release

.PHONY: upgrade
upgrade: dev-env ## upgrade, roll back and upgrade a local stage from the last release under traffic; write docs/upgrade-run.md (three minutes)
	@$(PY) -m tools.upgrades

.PHONY: synth
synth: dev-env ## regenerate the committed templates of the local stage
	$(PY) -m infra.cdk.synth_local

.PHONY: bench
bench: dev-env ## measure the budgets; write docs/benchmarks.md and the baseline of the regression gate (six minutes)
	$(PY) -m tools.bench

.PHONY: cost
cost: dev-env ## count and price the calls of one snapshot and write docs/cost.md
	$(PY) -m tools.cost

.PHONY: faults
faults: dev-env ## publish 10,000 snapshots during failures; count lost and duplicate ones (ten to thirty minutes)
	$(PY) -m tools.faults

.PHONY: fuzz
fuzz: dev-env ## run every schemathesis phase against a local stage; write docs/fuzz-run.md (a few minutes)
	@$(PY) -m tools.fuzz

.PHONY: portability
portability: dev-env ## run the suite under other processors, dates, time zones, locales and Pythons; write docs/portability.md (an hour; SHORT=1: two minutes, AXIS='time zone': one axis)
	@$(PY) -m tools.portability $(if $(SHORT),--short) $(if $(AXIS),--only '$(AXIS)')

.PHONY: rotation
rotation: dev-env ## rotate a token on a local stage under load; write docs/token-rotation.md (three minutes)
	@$(PY) -m tools.rotation

.PHONY: backtest
backtest: dev-env ## back-test a real book through the whole pipeline; write docs/backtest.md and its chart (a few minutes)
	@$(PY) -m tools.backtest

.PHONY: agreement
agreement: peers-env ## compare every measure with the peer libraries; write docs/agreement.md
	@$(PEERS)/bin/python -m tools.agreement

.PHONY: rehearse
rehearse: dev-env ## stop the updates of a world on a local stage; write the alarm notifications to docs/alarms.md and draw both dashboards (two minutes)
	@$(PY) -m tools.alarms

.PHONY: grants
grants: dev-env ## remove each grant of each role once and run a scenario that needs it; write docs/security-grants.md (one or two minutes)
	@$(PY) -m tools.grants

.PHONY: audit
audit: dev-env ## list known vulnerabilities of all locked packages; status 2: an advisory service did not answer
	@$(PY) -m tools.security.audit

.PHONY: security
security: dev-env ## run the security job: audit, grants, rotation, secrets, templates, workflows; write docs/security-run.md (minutes)
	@$(PY) -m tools.security

.PHONY: simulate
simulate: dev-env ## check many random histories of the core and of evaluation runs against a model
	$(PY) -m tools.simulator --histories 20000
	$(PY) -m tools.simulator.runs --histories 10000

.PHONY: account
account: dev-env ## prepare an AWS account, once: REPOSITORY=owner/name STAGES=dev,staging (PROVIDER=arn, PERMISSIONS_BOUNDARY=policy)
	@$(PY) -m infra.ops.deploy.prepare_account --repository '$(REPOSITORY)' --stages '$(STAGES)' $(if $(PROVIDER),--provider '$(PROVIDER)') $(if $(PERMISSIONS_BOUNDARY),--permissions-boundary '$(PERMISSIONS_BOUNDARY)') $(if $(REPLACE_BOOTSTRAP_POLICIES),--replace-bootstrap-policies) $(if $(YES),--yes)

.PHONY: assembly
assembly: dev-env ## build and test the assembly of a stage: STAGE=dev|staging|prod (ALLOWED_NETWORKS=..., ROLLOUT=at_once)
	@$(DEPLOY) assembly $(TO_STAGE) $(GIVEN)

.PHONY: diff
diff: dev-env $(if $(ASSEMBLY),,assembly) ## print what `make deploy` would change
	@$(DEPLOY) diff $(TO_STAGE)

.PHONY: deploy
deploy: dev-env $(if $(ASSEMBLY),,assembly) ## build, test, compare, confirm, deploy, smoke-test: STAGE=dev (YES=1, ASSEMBLY=folder, ACCOUNT=..., STACK=data)
	@$(DEPLOY) deploy $(TO_STAGE) $(if $(YES),--yes)

.PHONY: smoke
smoke: dev-env ## publish one synthetic snapshot to a deployed stage: STAGE=dev
	@$(DEPLOY) smoke $(TO_STAGE)

.PHONY: destroy
destroy: dev-env $(if $(ASSEMBLY),,assembly) ## delete a stage with all its data; only a stage whose data is not retained: STAGE=dev
	@$(DEPLOY) destroy $(TO_STAGE) $(if $(YES),--yes)

.PHONY: deploy-rehearsal
deploy-rehearsal: dev-env ## deploy staging's assembly to a local emulator with the real CDK command line; write docs/deploy-rehearsal.md (five minutes)
	@$(PY) -m tools.deploy

.PHONY: bundles
bundles: dev-env ## build the zips that Lambda runs, and print their sizes
	$(PY) -m infra.bundles

.PHONY: lock
lock: dev-env ## renew the hashed requirements from pyproject.toml
	sh requirements/lock.sh

.PHONY: clean
clean: down ## remove environments, local data, caches and build output
	rm -rf $(VENV) $(PEERS) .local .build cdk.out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: local-env
local-env:
	@sh requirements/ensure.sh $(LOCAL_VENV) requirements/local.txt

.PHONY: dev-env
dev-env:
	@sh requirements/ensure.sh $(VENV) requirements/dev.txt

.PHONY: peers-env
peers-env:
	@sh requirements/ensure.sh $(PEERS) requirements/peers.txt
