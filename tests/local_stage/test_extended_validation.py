"""A run of a snapshot gets its extended validation after the reports on the snapshot, on the local stage."""

import json
from datetime import UTC, datetime

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from infra.local.bring_up import RunningStage
from infra.names import table_name
from risk_hub_contracts.runs.payloads import SnapshotReference
from risk_hub_contracts.snapshot.parse import parse_snapshot
from tests.fakes.extended import metrics, policy_of, policy_record
from tests.fakes.runs import draft, run_key
from tests.local_stage.caller import Caller, new_world, small_body, wait_until

LAYERS = {"portfolio", "cohort", "live", "stress"}
CRASH = {"crash": {"shocks": {"AAPL": -0.5, "MSFT": -0.5}}}


def now() -> datetime:
    return datetime.now(tz=UTC)


def test_a_run_of_a_snapshot_gets_each_layer_once_after_the_reports_on_the_snapshot(
    stage: RunningStage,
) -> None:
    caller, dynamodb, world = Caller(stage.hub), stage.aws.client("dynamodb"), new_world()
    runs = DynamoDBRuns(dynamodb, table_name("local", "evaluation_runs"))
    policy = policy_of(policy_id=world)
    DynamoDBEvaluationPolicies(dynamodb, table_name("local", "policies")).put_once(policy_record(policy))
    body = small_body(stress=CRASH)
    snapshot = parse_snapshot(
        json.dumps(body).encode(), world_id=world, actor="gateway", stage="paper", now=now()
    )
    keys = [run_key(strategy, "e1", world) for strategy in ("momentum", "carry/slow 1")]
    drafts = [
        draft(
            key,
            policy_id=world,
            policy_version=policy.version,
            policy_hash=policy.policy_hash,
            profile="all",
            snapshot=SnapshotReference(version=snapshot.version, content_hash=snapshot.content_hash),
            evaluation_id="e1",
            evaluated_count=2,
            metrics=metrics(),
        )
        for key in keys
    ]
    CreateRuns(runs, now)(drafts)
    answer = caller.post(world, body)
    assert (answer.status, answer.document()["content_hash"]) == (201, snapshot.content_hash)

    def are_extended() -> bool:
        return all(set(load_run(runs, key)[1].validations) == LAYERS for key in keys)

    wait_until(are_extended, "the runs have all layers")
    for key in keys:
        items, run = load_run(runs, key)
        assert len(items) == 1 + len(LAYERS)
        assert (run.validations["stress"].status, run.status) == ("fail", "fail")
        (crash,) = run.validations["stress"].results
        assert (crash.observed, crash.reason_code) == (0.5, "above_maximum")
        assert run.validations["live"].status == "pass"
