"""Work of extended_validator: a stress report on a snapshot, with and without a run of it."""

import hashlib
from datetime import UTC, datetime

from functions.evaluation.policies.policy_records import Author, PolicyEntry, PolicyKey, PolicyRecord
from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.create_runs import CreateRuns, RunDraft
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from infra.names import table_name
from risk_hub_contracts.api.openapi.examples import POLICY
from risk_hub_contracts.base.canonical import canonical_json
from risk_hub_contracts.policies.evaluation_policy import parse_policy
from risk_hub_contracts.runs.payloads import RunCreated, SnapshotReference
from risk_hub_contracts.runs.run_key import RunKey
from tools.grants.producers import publish_to_new_world
from tools.grants.workbench import Workbench
from tools.grants.workers import evaluate, publish_and_relay, relay_report


def finds_no_run(bench: Workbench) -> None:
    """A report on a snapshot without a run is handled."""
    bench.work("extended_validator", _announce_stress(bench, publish_and_relay(bench)))


def extends_a_run(bench: Workbench) -> None:
    """A report on the snapshot of a run appends its item to the run."""
    world, stored = publish_to_new_world(bench)
    bench.relay("snapshots", {"world_id": world, "version": stored["version"]})
    runs = DynamoDBRuns(bench.dynamodb, table_name("local", "evaluation_runs"))
    snapshot = SnapshotReference(version=stored["version"], content_hash=stored["content_hash"])
    key = _create_run(bench, runs, world, snapshot)
    bench.work("extended_validator", _announce_stress(bench, world))
    assert set(load_run(runs, key)[1].validations) == {"stress"}


def _announce_stress(bench: Workbench, world: str) -> str:
    relay_report(bench, world, evaluate(bench, "stress_engine", world, "stress/"))
    return world


def _create_run(bench: Workbench, runs: DynamoDBRuns, world: str, snapshot: SnapshotReference) -> RunKey:
    """Store a policy and a run of the world's snapshot, as an evaluation would."""
    policy = parse_policy({**POLICY, "policy_id": world, "version": "1"})
    entry = PolicyEntry(
        PolicyKey(world, "1"), policy.policy_hash, policy.owner, _now(), Author("author", world)
    )
    policies = DynamoDBEvaluationPolicies(bench.dynamodb, table_name("local", "policies"))
    policies.put_once(PolicyRecord(entry, canonical_json(policy.document())))
    created = RunCreated(
        stage="paper",
        risk_tier="low",
        status="pass",
        policy_id=world,
        policy_version="1",
        policy_hash=policy.policy_hash,
        engine_version="rules_v1",
        snapshot=snapshot,
    )
    key = RunKey(world, "momentum", hashlib.sha256(world.encode()).hexdigest()[:16])
    CreateRuns(runs, _now)([RunDraft(key, "author", created)])
    return key


def _now() -> datetime:
    return datetime.now(tz=UTC)
