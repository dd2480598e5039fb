"""Work of evaluation_registry and anchor_keeper on evaluation runs."""

from datetime import UTC, datetime
from typing import Any

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.create_runs import CreateRuns
from infra.names import table_name
from risk_hub_contracts.runs.anchor import Anchor, following_hour, hour_of, merkle_root
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.runs import draft
from tests.local_stage.caller import new_world
from tools.grants.policies import callers
from tools.grants.workbench import Workbench

STRATEGY = "mean/reversion"
RUN = f"r1?strategy_id={STRATEGY}"


def stored_run(bench: Workbench) -> RunKey:
    """Store a run of a new world without the hub, and return its key."""
    key = RunKey(new_world(), STRATEGY, "r1")
    runs = DynamoDBRuns(bench.dynamodb, table_name("local", "evaluation_runs"))
    (done,) = CreateRuns(runs, _now)([draft(key)])
    assert done.outcome == "created"
    return key


def reads_a_run(bench: Workbench) -> None:
    """The record of a run is read."""
    key = stored_run(bench)
    with callers(bench) as asking:
        assert asking.get(f"worlds/{key.world_id}/evaluation-runs/{RUN}")["sequence"] == 1


def lists_runs(bench: Workbench) -> None:
    """The runs of a world are listed."""
    _lists(bench, "order=asc")


def lists_runs_of_a_strategy(bench: Workbench) -> None:
    """The runs of a strategy are listed."""
    _lists(bench, f"strategy_id={STRATEGY}")


def lists_runs_of_a_stage(bench: Workbench) -> None:
    """The runs of a stage are listed."""
    _lists(bench, "stage=paper")


def lists_runs_with_a_status(bench: Workbench) -> None:
    """The runs with a status are listed."""
    _lists(bench, "status=pass")


def lists_runs_of_a_stage_with_a_status(bench: Workbench) -> None:
    """The runs of a stage with a status are listed."""
    _lists(bench, "stage=paper&status=pass")


def anchors_every_run(bench: Workbench) -> None:
    """The first anchor covers every run."""
    stored_run(bench)
    bench.begin_anchors()
    assert sum(_anchored(bench).values()) >= 1


def anchors_an_hour(bench: Workbench) -> None:
    """Hours are anchored after an earlier anchor."""
    prefix = bench.begin_anchors()
    hour = following_hour(hour_of(_now()), -4)
    anchor = Anchor(hour=hour, previous_sha256=None, root=merkle_root([]), count=0)
    bucket = bench.outputs["AnchorBucketName"]
    bench.s3.put_object(Bucket=bucket, Key=f"{prefix}/hours/{hour}.json", Body=anchor.data())
    assert following_hour(hour) in _anchored(bench)


def verifies_runs(bench: Workbench) -> None:
    """The runs of a world are verified."""
    key = stored_run(bench)
    found = bench.invoke("anchor_keeper", {"verify": {"world_id": key.world_id}})
    assert (found["runs"], found["broken"]) == (1, []), found


def verifies_a_run(bench: Workbench) -> None:
    """One run is verified."""
    key = stored_run(bench)
    request = {"world_id": key.world_id, "strategy_id": key.strategy_id, "run_id": key.run_id}
    found = bench.invoke("anchor_keeper", {"verify": request})
    assert (found["items"], found["broken"]) == (1, []), found


def _lists(bench: Workbench, query: str) -> None:
    key = stored_run(bench)
    with callers(bench) as asking:
        found = asking.get(f"worlds/{key.world_id}/evaluation-runs?{query}")["runs"]
        assert [each["strategy_id"] for each in found] == [STRATEGY]


def _anchored(bench: Workbench) -> dict[str, Any]:
    anchored: dict[str, Any] = bench.invoke("anchor_keeper", {})["anchored"]
    return anchored


def _now() -> datetime:
    return datetime.now(tz=UTC)
