"""Work of the functions for snapshots that were moved to history."""

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.history.adapters.dynamodb_hot_table import DynamoDBHotTable
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.history.segment import compress_lines, encode_line, segment_row
from functions.hub.adapters.body_store import BodyStore
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL
from infra.names import HISTORY_PREFIX, table_name
from tests.fakes.history import plan_of
from tests.local_stage.caller import new_world, small_body
from tools.grants.producers import large_body, publish
from tools.grants.workbench import Workbench
from tools.grants.workers import (
    DONE,
    evaluate,
    publish_and_relay_large,
    relay_report,
)

# Older than the snapshots that no read looks for in history.
AGE = timedelta(hours=1)


def move(bench: Workbench, world: str) -> None:
    """Move every snapshot of a world to history, in one segment, as the operator of the stage."""
    dynamodb, now = bench.dynamodb, datetime.now(tz=UTC)
    table = DynamoDBHotTable(dynamodb, table_name("local", "snapshots"), BodyStore(bench.s3, bench.bucket))
    hot = list(table.settled(world, BEFORE_ALL, AFTER_ALL, now))
    snapshots = [each.record for each in hot]
    data = compress_lines(map(encode_line, snapshots))
    row = segment_row(snapshots, data, max(each.retain_until for each in hot))
    S3Segments(bench.s3, bench.bucket).put_once(row.key, data, row.sha256)
    index, plan = DynamoDBSegments(dynamodb, table_name("local", "segments")), plan_of(row)
    assert index.begin(plan)
    assert index.commit(plan, row)
    index.finish(plan)
    assert all(table.forget(each, row) for each in snapshots)


def _moved(bench: Workbench) -> tuple[str, dict[str, Any]]:
    """Publish an hour-old book to a new world and move it; return the world and the body."""
    world, body = _published_old(bench, small_body())
    move(bench, world)
    return world, body


def repeats_a_moved_book(bench: Workbench) -> None:
    """A repeated snapshot that was moved to history is answered with what is stored."""
    world, body = _moved(bench)
    answer = bench.hub.post(world, body)
    assert answer.status == 200, answer.body


def reads_a_moved_version(bench: Workbench) -> None:
    """A version that was moved to history is read."""
    world, body = _moved(bench)
    answer = bench.hub.get(f"/risk-hub/worlds/{world}/snapshots/lookup?version={body['version']}")
    assert answer.status == 200, answer.body


def lists_moved_books(bench: Workbench) -> None:
    """Snapshots that were moved to history are found by their time."""
    world, body = _moved(bench)
    answer = bench.hub.get(f"/risk-hub/worlds/{world}/snapshots?include_expired=true")
    assert answer.status == 200, answer.body
    assert [each["version"] for each in answer.document()["snapshots"]] == [body["version"]]


def announces_moved_books(bench: Workbench) -> None:
    """Snapshots that were moved to history are announced again by their time."""
    world, body = _moved(bench)
    period = {"world_id": world, "from": body["as_of"], "to": datetime.now(tz=UTC).isoformat()}
    announced = bench.invoke("event_relay", {"replay": period})
    assert announced["announced"] == 1, announced


def evaluates_risk_of_a_moved_book(bench: Workbench) -> None:
    """A book that was moved to history before its event was handled is evaluated."""
    evaluate(bench, "risk_engine", _moved_after_its_event(bench), "risk/")


def evaluates_stress_of_a_moved_book(bench: Workbench) -> None:
    """A book that was moved to history before its event was handled is evaluated."""
    evaluate(bench, "stress_engine", _moved_after_its_event(bench), "stress/")


def signals_on_a_moved_book(bench: Workbench) -> None:
    """A report on a book that was moved to history causes a signal."""
    world = publish_and_relay_large(bench, stress={"crash": {"shocks": {}, "default": -0.5}})
    report = evaluate(bench, "stress_engine", world, "stress/")
    move(bench, world)
    assert relay_report(bench, world, report) == DONE
    evaluate(bench, "exit_engine", world, "exit/")


def _moved_after_its_event(bench: Workbench) -> str:
    """Return the world of a moved book that is too large for an event."""
    world = new_world()
    publish(bench, world, large_body())
    _announce(bench, world)
    move(bench, world)
    return world


def moves(bench: Workbench) -> None:
    """Old snapshots are moved to history, and history is compared with the table."""
    world, _ = _published_old(bench, small_body())
    _run_mover(bench)
    assert _segments(bench, world)


def moves_a_large_book(bench: Workbench) -> None:
    """An old snapshot whose document is in the bucket is moved to history."""
    world, _ = _published_old(bench, large_body())
    _run_mover(bench)
    assert _segments(bench, world)


def compares_lost_segment(bench: Workbench) -> None:
    """A segment that is missing is reported as a difference."""
    world, _ = _moved(bench)
    for key in _segments(bench, world):
        bench.s3.delete_object(Bucket=bench.bucket, Key=key)
    assert _run_mover(bench)["differences"] == 1


def _published_old(bench: Workbench, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Publish an hour-old book to a new world and announce it; return the world and the body."""
    world, body = new_world(), {**body, "as_of": (datetime.now(tz=UTC) - AGE).isoformat()}
    publish(bench, world, body)
    _announce(bench, world)
    return world, body


def _announce(bench: Workbench, world: str) -> None:
    relayed = bench.relay("snapshots", {"world_id": world, "version": "v1"})
    assert relayed == DONE, relayed


def _run_mover(bench: Workbench) -> dict[str, int]:
    counts: dict[str, int] = bench.invoke("snapshot_mover", {})
    return counts


def _segments(bench: Workbench, world: str) -> list[str]:
    """Return the keys of the world's segments."""
    prefix = f"{HISTORY_PREFIX}snapshots/world_id={world}/"
    found = bench.s3.list_objects_v2(Bucket=bench.bucket, Prefix=prefix).get("Contents", [])
    return [each["Key"] for each in found]
