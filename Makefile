# Every command of this project. `make` alone lists them.
#   make up DETACH=1          in the background           make up FRESH=1     forget the data of earlier runs
#   make test TESTS=tests/http
#   RISK_HUB_PORT=8800        another port than 8787      PYTHON=/path/to/python3    a certain Python
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
LOCAL_VENV := .local/venv
PEERS := .peers
PY := $(VENV)/bin/python
LOCAL_PY := $(LOCAL_VENV)/bin/python
TYPED := contracts/src events functions infra tests requirements/install.py
TESTS ?= tests
OF_STAGE = $(if $(STAGE),--stage-name '$(STAGE)')
# What a stage takes from outside: make assembly STAGE=prod ALLOWED_NETWORKS=203.0.113.0/24
GIVEN = $(foreach key,ALLOWED_NETWORKS CRITICAL_SUBSCRIBERS WARNING_SUBSCRIBERS RUNBOOK_BASE ROLLOUT GROSS_EXPOSURE_MAX PERMISSIONS_BOUNDARY WRITER_CONCURRENCY READER_CONCURRENCY DOMAIN_NAME CERTIFICATE_ARN BASE_PATH,$(if $($(key)),-c '$(shell echo $(key) | tr A-Z a-z)=$($(key))'))
DEPLOY = $(PY) -m infra.deploy
TO_STAGE = --stage '$(STAGE)' $(if $(ASSEMBLY),--assembly '$(ASSEMBLY)') $(if $(ACCOUNT),--account '$(ACCOUNT)') $(if $(DIGEST),--digest '$(DIGEST)') $(if $(URL),--url '$(URL)')
PYTEST_ARGS ?= -n 2 --dist loadgroup --no-loadscope-reorder

export PYTHONPATH := .:contracts/src
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

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
status: ## say whether the hub runs on this machine, and where
	@if [ -x $(LOCAL_PY) ]; then $(LOCAL_PY) -m infra.local status; else echo "The local stage is not running."; exit 1; fi

.PHONY: queues
queues: local-env ## depth and age of every queue; STAGE=prod: of a deployed stage
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
check: lint spelling imports types generated ## lint, types, import rules, spelling, and that generated files are up to date

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
	$(PY) -m risk_hub_contracts.generate --check
	$(PY) -m risk_hub_contracts.compatibility
	$(PY) -m events.generate --check
	$(PY) -m tests.events.emitted --check
	$(PY) -m infra.synth_local --check

.PHONY: hooks
hooks: dev-env ## run the steps of `make check` as git hooks, before each commit and push
	@$(VENV)/bin/pre-commit install

.PHONY: format
format: dev-env ## let ruff rewrite what it can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

.PHONY: contracts
contracts: dev-env ## regenerate OpenAPI, schemas, examples and event samples
	$(PY) -m risk_hub_contracts.generate
	$(PY) -m events.generate
	$(PY) -m tests.events.emitted

.PHONY: release
release: dev-env ## freeze the contract, its wire and its records under contracts/released/ (docs/upgrade.md)
	@$(PY) -m tests.upgrades.release

.PHONY: upgrade
upgrade: dev-env ## upgrade, roll back and upgrade a local stage from the last release under traffic; write docs/upgrade-run.md (three minutes)
	@$(PY) -m tests.upgrades

.PHONY: synth
synth: dev-env ## regenerate the committed templates of the local stage
	$(PY) -m infra.synth_local

.PHONY: bench
bench: dev-env ## measure the budgets, write docs/benchmarks.md, renew the baseline of the regression gate (six minutes)
	$(PY) -m tests.bench

.PHONY: cost
cost: dev-env ## count and price the calls of one snapshot and write docs/cost.md
	$(PY) -m tests.cost

.PHONY: faults
faults: dev-env ## 10,000 snapshots while the parts fail; count what was lost or doubled (ten to thirty minutes)
	$(PY) -m tests.faults

.PHONY: fuzz
fuzz: dev-env ## generated requests against a local stage: every phase of schemathesis; write docs/fuzz-run.md (some minutes)
	@$(PY) -m tests.fuzz

.PHONY: portability
portability: dev-env ## run the suite under other processors, dates, places and Pythons; write docs/portability.md (an hour; SHORT=1: two minutes, AXIS='time zone': one axis)
	@$(PY) -m tests.portability $(if $(SHORT),--short) $(if $(AXIS),--only '$(AXIS)')

.PHONY: rotation
rotation: dev-env ## rotate a token on a local stage under load; write docs/token-rotation.md (three minutes)
	@$(PY) -m tests.rotation

.PHONY: backtest
backtest: dev-env ## back-test a real book through the whole path; write docs/backtest.md and its picture (some minutes)
	@$(PY) -m tests.backtest

.PHONY: agreement
agreement: peers-env ## hold every measure against five peer libraries; write docs/agreement.md
	@$(PEERS)/bin/python -m tests.agreement

.PHONY: rehearse
rehearse: dev-env ## let a world go silent on a local stage; write who was told when, and draw both dashboards (two minutes)
	@$(PY) -m tests.alarms

.PHONY: grants
grants: dev-env ## take every grant of every role away once and write docs/security-grants.md (a minute or two)
	@$(PY) -m tests.grants

.PHONY: audit
audit: dev-env ## known vulnerabilities of all that the locks name; status 2: the advisory services did not answer
	@$(PY) -m tests.security.audit

.PHONY: security
security: dev-env ## the security job: audit, grants, rotation, secrets, templates, workflows; write docs/security-run.md (minutes)
	@$(PY) -m tests.security

.PHONY: simulate
simulate: dev-env ## many random histories of the core, checked against a model
	$(PY) -m tests.simulator --histories 20000

.PHONY: account
account: dev-env ## prepare an AWS account, once: REPOSITORY=owner/name STAGES=dev,staging (PROVIDER=arn, PERMISSIONS_BOUNDARY=policy)
	@$(PY) -m infra.deploy.prepare_account --repository '$(REPOSITORY)' --stages '$(STAGES)' $(if $(PROVIDER),--provider '$(PROVIDER)') $(if $(PERMISSIONS_BOUNDARY),--permissions-boundary '$(PERMISSIONS_BOUNDARY)') $(if $(REPLACE_BOOTSTRAP_POLICIES),--replace-bootstrap-policies) $(if $(YES),--yes)

.PHONY: assembly
assembly: dev-env ## build and test what deploys a stage: STAGE=dev|staging|prod (ALLOWED_NETWORKS=..., ROLLOUT=at_once)
	@$(DEPLOY) assembly $(TO_STAGE) $(GIVEN)

.PHONY: diff
diff: dev-env $(if $(ASSEMBLY),,assembly) ## what `make deploy` would change
	@$(DEPLOY) diff $(TO_STAGE)

.PHONY: deploy
deploy: dev-env $(if $(ASSEMBLY),,assembly) ## build, test, compare, ask, deploy, try: STAGE=dev (YES=1, ASSEMBLY=folder, ACCOUNT=...)
	@$(DEPLOY) deploy $(TO_STAGE) $(if $(YES),--yes)

.PHONY: smoke
smoke: dev-env ## one synthetic snapshot through a deployed stage: STAGE=dev
	@$(DEPLOY) smoke $(TO_STAGE)

.PHONY: destroy
destroy: dev-env $(if $(ASSEMBLY),,assembly) ## remove a stage that keeps nothing, with all that it stores: STAGE=dev
	@$(DEPLOY) destroy $(TO_STAGE) $(if $(YES),--yes)

.PHONY: deploy-rehearsal
deploy-rehearsal: dev-env ## the real CDK command line deploys staging's assembly to a local emulator; write docs/deploy-rehearsal.md (five minutes)
	@$(PY) -m tests.deploy

.PHONY: bundles
bundles: dev-env ## build the zips that Lambda runs, and weigh them
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
