"""HTTP metrics: problems by reason and status, snapshots by stage, and no dimension from caller input."""

import json
from typing import Any

import pytest

from functions.hub.ports import Dependency, DependencyUnavailableError
from risk_hub_contracts.base.metrics import METRICS
from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub, book, post

Counted = dict[str, Any]


def counted(capsys: pytest.CaptureFixture[str]) -> list[Counted]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


def dimension_sets(line: Counted) -> list[list[str]]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    sets: list[list[str]] = directive["Dimensions"]
    return sets


@pytest.mark.parametrize(
    ("request_", "reason", "status"),
    [
        ({"headers": {"Authorization": "Bearer wrong"}}, "unauthenticated", "401"),
        ({"body": {}}, "contract-violation", "422"),
        ({"headers": {"X-Stage": "made-up-by-the-caller"}}, "stage-invalid", "400"),
        ({"body": book(weights={"a": 0.2})}, "contract-violation", "422"),
    ],
)
def test_every_refusal_is_counted_by_reason_and_by_status(
    api: Gateway, capsys: pytest.CaptureFixture[str], request_: Counted, reason: str, status: str
) -> None:
    assert post(api, **request_).slug == reason
    (line,) = counted(capsys)
    assert line["risk_hub_http_refused_total"] == [1]
    assert dimension_sets(line) == [["reason"], ["status"]]
    assert (line["reason"], line["status"]) == (reason, status)


def test_version_conflict_and_repeated_post_are_counted(
    api: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    for body in (book(), book(), book(weights={"AAPL": 1.0})):
        post(api, body)
    stored, replayed, conflict = counted(capsys)
    assert (stored["risk_hub_snapshot_processed_total"], stored["stage"]) == ([1], "paper")
    assert (replayed["risk_hub_snapshot_dedupe_total"], dimension_sets(replayed)) == ([1], [["stage"]])
    assert (conflict["reason"], conflict["status"]) == ("version-conflict", "409")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("a fault of ours"), "internal"),
        (DependencyUnavailableError(Dependency.SNAPSHOT_STORE, "slow"), "unavailable"),
    ],
)
def test_server_errors_are_counted_as_5xx(
    hub: Hub,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    reason: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(hub.snapshots, "put_once", fail)
    post(hub.gateway())
    (line,) = counted(capsys)
    assert (line["reason"], line["status"]) == (reason, "5xx")


def test_unavailable_blob_store_is_counted_as_a_blob_error(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DependencyUnavailableError(Dependency.BLOB_STORE, "SlowDown")

    monkeypatch.setattr(hub.snapshots, "put_once", fail)
    post(hub.gateway())
    blobs = [line for line in counted(capsys) if "risk_hub_blob_errors_total" in line]
    assert [(line["reason"], dimension_sets(line)) for line in blobs] == [("unavailable", [["reason"]])]


def test_f30_caller_input_never_becomes_a_metric_dimension(
    api: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    word = "made-up-by-the-caller"
    api("POST", f"/risk-hub/worlds/{word}/snapshots", book(word), {"X-Actor": word})
    api("POST", f"/risk-hub/worlds/{word}/snapshots", book(word), {"X-Stage": word})
    api("GET", f"/risk-hub/worlds/{word}/snapshots/latest?stage={word}")
    api("GET", f"/risk-hub/worlds/{word}/{word}")
    lines = counted(capsys)
    assert len(lines) == 4
    for line in lines:
        assert word not in json.dumps(line)
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]:
            assert {tuple(names) for names in directive["Dimensions"]} <= set(
                METRICS[metric["Name"]].dimensions
            )


@pytest.mark.parametrize("metered", [True, False])
def test_repeated_post_is_counted_by_world_only_for_worlds_with_metrics(
    hub: Hub, capsys: pytest.CaptureFixture[str], *, metered: bool
) -> None:
    requested: list[tuple[str, str]] = []

    def is_metered(world_id: str, stage: str) -> bool:
        requested.append((world_id, stage))
        return metered

    hub.metered = is_metered
    api = hub.gateway()
    post(api)
    assert requested == []
    counted(capsys)
    post(api)
    (line,) = counted(capsys)
    assert requested == [("w1", "paper")]
    assert line["risk_hub_snapshot_dedupe_total"] == [1]
    assert dimension_sets(line) == [["stage"], *([["stage", "world_id"]] if metered else [])]
    assert line.get("world_id") == ("w1" if metered else None)
