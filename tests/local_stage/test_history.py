"""Moves on the local stage: the mover's schedule moves snapshots, and every route answers with the same bytes."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from rich.console import Console

from infra.local.bring_up import RunningStage, start_stage
from infra.local.history_settings import HistorySettings
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from infra.names import HISTORY_PREFIX, HOT_SECONDS, MOVE_SETTLE_SECONDS, physical_name, table_name
from tests.fakes.calls import Answer
from tests.local_stage.caller import Caller, new_world, small_body

MOVER = physical_name("local", "snapshot_mover")
AGES = (timedelta(days=2), timedelta(days=1, hours=1), timedelta(hours=2), timedelta(minutes=1))
"""Ages of the published books: three are outside a window of 20 minutes, on two or three days; one is hot."""
MOVED_COUNT = 3
DEADLINE_SECONDS = 150.0


@pytest.fixture(scope="module")
def short_window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStage]:
    """A stage whose snapshots leave the table after 20 minutes, and may be moved a second after their commit."""
    history = HistorySettings({HOT_SECONDS: "1200", MOVE_SETTLE_SECONDS: "1"})
    home = tmp_path_factory.mktemp("history")
    settings = LocalSettings(home, ANY_FREE_PORT, ANY_FREE_PORT, enforce_iam=True, history=history)
    stage = start_stage(settings, Console(quiet=True), detached=False, fresh=True)
    try:
        yield stage
    finally:
        stage.process.stop()


@dataclass
class Moved:
    """A world in the hot table and in history, and the answers that its routes gave before the move."""

    stage: RunningStage
    hub: Caller
    world: str
    bodies: list[dict[str, Any]]
    before: dict[str, Answer]


@pytest.fixture(scope="module")
def moved(short_window: RunningStage) -> Moved:
    hub, world = Caller(short_window.hub), new_world()
    bodies = [
        small_body(f"v{number}", as_of=(datetime.now(tz=UTC) - age).isoformat(), ttl_sec=86_400)
        for number, age in enumerate(AGES)
    ]
    created = [hub.post(world, body) for body in bodies]
    assert [each.status for each in created] == [201] * len(AGES)
    before = {path: hub.get(path) for path in paths(world, bodies, created[-1].document())}
    run_every_minute(short_window)
    wait_for_tombstones(short_window, world)
    return Moved(short_window, hub, world, bodies, before)


def paths(world: str, bodies: list[dict[str, Any]], last: dict[str, Any]) -> list[str]:
    """Return a path of every route that reads snapshots, with its parameters."""
    base = f"/risk-hub/worlds/{world}/snapshots"
    known_at = f"known_at={quote(last['created_at'])}"
    first_as_of, second_as_of = (quote(body["as_of"]) for body in bodies[:2])
    return [
        *(f"{base}/lookup?version={body['version']}" for body in bodies),
        f"{base}/latest",
        f"{base}/latest?{known_at}",
        f"{base}/latest?stage=paper",
        f"{base}/lookup?as_of={second_as_of}&{known_at}",
        f"{base}?include_expired=true&limit=10",
        f"{base}?include_expired=true&limit=10&{known_at}",
        f"{base}?include_expired=true&limit=10&order=asc",
        f"{base}?include_expired=true&from={first_as_of}&to={second_as_of}",
        f"{base}?include_expired=true&stage=paper&limit=2",
    ]


def run_every_minute(stage: RunningStage) -> None:
    """Let the schedule of the mover run each minute instead of each five minutes."""
    scheduler = stage.aws.client("scheduler")
    given = scheduler.get_schedule(Name=MOVER)
    scheduler.update_schedule(
        Name=MOVER,
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow=given["FlexibleTimeWindow"],
        Target=given["Target"],
    )


def wait_for_tombstones(stage: RunningStage, world: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (found := sum("segment" in item for item in items(stage, world))) < MOVED_COUNT:
        assert time.monotonic() < deadline, found
        time.sleep(1)


def items(stage: RunningStage, world: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.aws.client("dynamodb").query(
        TableName=table_name("local", "snapshots"),
        KeyConditionExpression="world_id = :world",
        ExpressionAttributeValues={":world": {"S": world}},
    )["Items"]
    return found


def test_scheduled_mover_leaves_tombstones_and_segments_of_each_day(moved: Moved) -> None:
    found = {item["version"]["S"]: item for item in items(moved.stage, moved.world)}
    assert ["segment" in found[body["version"]] for body in moved.bodies] == [True, True, True, False]
    assert not {"time_order", "body", "stage_time_order"} & set(found["v0"])
    listed = moved.stage.aws.client("s3").list_objects_v2(
        Bucket=moved.stage.deployment.outputs["BucketName"],
        Prefix=f"{HISTORY_PREFIX}snapshots/world_id={moved.world}/",
    )
    days = {key["Key"].split("/day=")[1][:10] for key in listed["Contents"]}
    assert days == {body["as_of"][:10] for body in moved.bodies[:MOVED_COUNT]}


def test_every_route_answers_across_the_seam_with_the_same_bytes_and_tag(moved: Moved) -> None:
    for path, before in moved.before.items():
        after = moved.hub.get(path)
        assert (before.status, after.status, after.body) == (200, 200, before.body), path
        assert after.headers.get("etag") == before.headers.get("etag"), path


def test_cursor_crosses_the_seam(moved: Moved) -> None:
    seen, path = [], f"/risk-hub/worlds/{moved.world}/snapshots?include_expired=true&limit=1"
    cursor = ""
    while True:
        page = moved.hub.get(path + cursor).document()
        seen += [each["version"] for each in page["snapshots"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [body["version"] for body in reversed(moved.bodies)]


def test_inv_01_moved_version_is_replayed_with_its_content_and_refused_with_another(moved: Moved) -> None:
    body = moved.bodies[0]
    replay = moved.hub.post(moved.world, body)
    assert (replay.status, replay.document()["version"]) == (200, body["version"])
    refused = moved.hub.post(moved.world, {**body, "weights": {"AAPL": 1.0}})
    assert (refused.status, refused.document()["type"].rpartition(":")[2]) == (409, "version-conflict")


def test_next_run_of_the_mover_finds_no_difference(moved: Moved) -> None:
    functions = moved.stage.aws.client("lambda")
    answer = functions.invoke(FunctionName=MOVER, Payload=b"{}")
    counts = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, counts
    assert (counts["moved"], counts["differences"]) == (0, 0)


def test_lost_segment_is_an_error_of_its_snapshots_and_never_a_gap(moved: Moved) -> None:
    s3, bucket = moved.stage.aws.client("s3"), moved.stage.deployment.outputs["BucketName"]
    prefix = f"{HISTORY_PREFIX}snapshots/world_id={moved.world}/day={moved.bodies[0]['as_of'][:10]}/"
    (listed,) = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    data = s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
    s3.delete_object(Bucket=bucket, Key=listed["Key"])
    base = f"/risk-hub/worlds/{moved.world}/snapshots"
    try:
        for path in (f"{base}/lookup?version=v0", f"{base}?include_expired=true"):
            answer = moved.hub.get(path)
            kind = answer.document()["type"].rpartition(":")[2]
            assert (answer.status, kind) == (424, "document-unavailable")
    finally:
        s3.put_object(Bucket=bucket, Key=listed["Key"], Body=data)
    assert moved.hub.get(f"{base}/lookup?version=v0").status == 200
