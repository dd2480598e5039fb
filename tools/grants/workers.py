"""Work of the relay and the engines, step by step; messages are real, but the workbench delivers them."""

import time
from datetime import UTC, datetime
from typing import Any

from infra.local.sample.publish import sample_body
from infra.names import FunctionFolder
from risk_hub_contracts.blob.write import encode_stress
from tests.local_stage.caller import new_world, now_text, small_body
from tools.grants.producers import (
    factor,
    large_body,
    publish,
    publish_to_new_world,
    register_world,
    upload_blob,
)
from tools.grants.workbench import Workbench

EXPIRES_AFTER_SECONDS = 8
DONE: dict[str, list[Any]] = {"batchItemFailures": []}
CRASH = {"crash": {"shocks": {"AAPL": -0.5, "MSFT": -0.5}}}


def _relay(bench: Workbench, world: str, version: str = "v1") -> None:
    relayed = bench.relay("snapshots", {"world_id": world, "version": version})
    assert relayed == DONE, relayed


def publish_and_relay(bench: Workbench, **changes: Any) -> str:
    """Publish a snapshot to a new world and announce it; return the world."""
    world, _ = publish_to_new_world(bench, **changes)
    _relay(bench, world)
    return world


def publish_and_relay_large(bench: Workbench, **changes: Any) -> str:
    """Publish a book that is too large for an event to a new world and announce it; return the world."""
    world = new_world()
    publish(bench, world, large_body() | changes)
    _relay(bench, world)
    return world


def evaluate(bench: Workbench, worker: FunctionFolder, world: str, kind: str) -> str:
    """Let a worker handle the message about a world; return the id of the one record of that kind."""
    bench.work(worker, world)
    (found,) = bench.stored(world, kind)
    return found


def evaluate_sample(bench: Workbench) -> tuple[str, str]:
    """Publish the sample to a new world and let the risk engine evaluate it; return world and version."""
    world, body = new_world(), sample_body(datetime.now(tz=UTC))
    publish(bench, world, body)
    _relay(bench, world, body["version"])
    evaluate(bench, "risk_engine", world, "risk/")
    return world, body["version"]


def relays(bench: Workbench) -> None:
    """A committed snapshot becomes the head of its world and is announced."""
    world = publish_and_relay(bench)
    bench.work("stress_engine", world)


def isolates_an_unreadable_record(bench: Workbench) -> None:
    """An unreadable record is sent to the failure queue."""
    world = new_world()
    bench.put_item("snapshots", {"world_id": world, "version": "no snapshot"})
    _relay(bench, world, "no snapshot")
    assert bench.is_in_failure_queue(world)


def relays_a_large_book(bench: Workbench) -> None:
    """A committed snapshot whose document is in the bucket is announced."""
    world = publish_and_relay_large(bench)
    assert not bench.is_in_failure_queue(world)
    bench.work("stress_engine", world)


def replays_a_period(bench: Workbench) -> None:
    """Published snapshots are announced again by their time."""
    before = now_text()
    world, _ = publish_to_new_world(bench)
    replayed = bench.invoke("event_relay", {"replay": {"world_id": world, "from": before, "to": now_text()}})
    assert replayed["announced"] == 1, replayed


def evaluates_a_period(bench: Workbench) -> None:
    """Missing reports of a backfilled period are found and evaluated."""
    _evaluate_period(bench)


def evaluates_a_period_of_a_stage(bench: Workbench) -> None:
    """Missing reports of a backfilled period are found and evaluated for one stage."""
    _evaluate_period(bench, stage="paper")


def _evaluate_period(bench: Workbench, **only: str) -> None:
    before = now_text()
    world, _ = publish_to_new_world(bench, provenance={"source": "backfill"})
    period = {"world_id": world, "from": before, "to": now_text(), "evaluate": True, **only}
    evaluated = bench.invoke("event_relay", {"replay": period})
    assert (evaluated["found"], evaluated["announced"]) == (1, 1), evaluated


def replays_a_version(bench: Workbench) -> None:
    """A snapshot is announced again by its version."""
    world, _ = publish_to_new_world(bench)
    replayed = bench.invoke("event_relay", {"replay": {"world_id": world, "versions": ["v1"]}})
    assert replayed["announced"] == 1, replayed


def replays_a_report(bench: Workbench) -> None:
    """A report is announced again by its key."""
    world = publish_and_relay(bench)
    report = evaluate(bench, "stress_engine", world, "stress/")
    replayed = bench.invoke("event_relay", {"replay": {"world_id": world, "evaluations": [report]}})
    assert replayed["announced"] == 1, replayed


def evaluates_risk(bench: Workbench) -> None:
    """A report is stored."""
    evaluate(bench, "risk_engine", publish_and_relay(bench), "risk/")


def evaluates_risk_of_a_blob(bench: Workbench) -> None:
    """A covariance in the bucket is read and checked, and its verdict is cached."""
    world = new_world()
    ref = upload_blob(bench, world, factor(), "covariance")
    publish(bench, world, small_body(covariance_ref=ref))
    _relay(bench, world)
    evaluate(bench, "risk_engine", world, "risk/")
    assert bench.stored(world, "psd/"), "nothing was found out about the covariance"


def evaluates_risk_of_a_large_book(bench: Workbench) -> None:
    """A book that is too large for an event is read from table and bucket, and its forecast is stored in the bucket."""
    world = publish_and_relay_large(bench)
    evaluate(bench, "risk_engine", world, "risk/")
    assert bench.stored(world, "forecast/")


def evaluates_risk_without_blob(bench: Workbench) -> None:
    """A missing blob gives a report with a reason, and leaves no message in the queue."""
    _evaluate_without_blob(bench, "risk_engine", "risk/", covariance_ref=("covariance", factor()))


def verifies(bench: Workbench) -> None:
    """An operator has a report computed again."""
    world = publish_and_relay(bench)
    evaluate(bench, "risk_engine", world, "risk/")
    verified = bench.invoke("risk_engine", {"verify": {"world_id": world, "version": "v1"}})
    assert verified["equal"], verified


def evaluates_stress(bench: Workbench) -> None:
    """A report is stored."""
    evaluate(bench, "stress_engine", publish_and_relay(bench, stress=CRASH), "stress/")


def evaluates_stress_of_a_blob(bench: Workbench) -> None:
    """Stress scenarios in the bucket are read."""
    world = new_world()
    ref = upload_blob(bench, world, encode_stress({"crash": {"loss": 0.2}}), "stress")
    publish(bench, world, small_body(stress_ref=ref))
    _relay(bench, world)
    report = evaluate(bench, "stress_engine", world, "stress/")
    bench.relay("evaluations", {"world_id": world, "evaluation_id": report})


def evaluates_stress_of_a_large_book(bench: Workbench) -> None:
    """A book that is too large for an event is read from table and bucket."""
    evaluate(bench, "stress_engine", publish_and_relay_large(bench), "stress/")


def evaluates_stress_without_blob(bench: Workbench) -> None:
    """A missing blob gives a report with a reason, and leaves no message in the queue."""
    blob = encode_stress({"crash": {"loss": 0.3}})
    _evaluate_without_blob(bench, "stress_engine", "stress/", stress_ref=("stress", blob))


def signals(bench: Workbench) -> None:
    """A stress loss above the limit causes a signal."""
    _signal(bench, publish_and_relay(bench, stress=CRASH))


def signals_on_a_large_book(bench: Workbench) -> None:
    """A report on a book in the bucket causes a signal."""
    _signal(bench, publish_and_relay_large(bench, stress={"crash": {"shocks": {}, "default": -0.5}}))


def relay_report(bench: Workbench, world: str, report: str) -> Any:
    """Announce a report and return the relay's answer."""
    return bench.relay("evaluations", {"world_id": world, "evaluation_id": report})


def _signal(bench: Workbench, world: str) -> None:
    report = evaluate(bench, "stress_engine", world, "stress/")
    relayed = relay_report(bench, world, report)
    assert relayed == DONE, relayed
    evaluate(bench, "exit_engine", world, "exit/")


def counts_expired_for_risk(bench: Workbench) -> None:
    """An expired snapshot is counted for its registered world."""
    _count_expired(bench, "risk_engine")


def counts_expired_for_stress(bench: Workbench) -> None:
    """An expired snapshot is counted for its registered world."""
    _count_expired(bench, "stress_engine")


def counts_expired_for_signals(bench: Workbench) -> None:
    """A report on an expired snapshot is counted for its registered world."""
    world = _announce_expiring(bench)
    report = evaluate(bench, "stress_engine", world, "stress/")
    bench.relay("evaluations", {"world_id": world, "evaluation_id": report})
    _process_when_expired(bench, "exit_engine", world)


def _count_expired(bench: Workbench, worker: FunctionFolder) -> None:
    _process_when_expired(bench, worker, _announce_expiring(bench))


def _announce_expiring(bench: Workbench) -> str:
    """Announce a snapshot that expires soon."""
    world = register_world(bench)
    publish(bench, world, small_body(ttl_sec=EXPIRES_AFTER_SECONDS, stress=CRASH))
    _relay(bench, world)
    return world


def _process_when_expired(bench: Workbench, worker: FunctionFolder, world: str) -> None:
    """Let a new process of the worker meet the snapshot when it has expired."""
    bench.restart(worker)
    time.sleep(EXPIRES_AFTER_SECONDS + 0.5)
    bench.work(worker, world)
    bench.require_metric_of(worker, world)


def _evaluate_without_blob(
    bench: Workbench, worker: FunctionFolder, kind: str, **component: tuple[str, bytes]
) -> None:
    ((field, (blob_kind, data)),) = component.items()
    world = new_world()
    ref = upload_blob(bench, world, data, blob_kind)
    publish(bench, world, small_body() | {field: ref})
    bench.s3.delete_object(Bucket=bench.bucket, Key=f"risk-blobs/{world}/{ref['sha256']}")
    _relay(bench, world)
    evaluate(bench, worker, world, kind)
