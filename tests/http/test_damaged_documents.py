"""A snapshot whose large document is missing or damaged: every read of it is 424, names it, and is counted and logged."""

import json
from typing import Any

import pytest

from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.ports import DocumentError
from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post

REASON = "its document risk-bodies/w1/abc is missing"
FORECAST = "forecast/paper/2026-01-05T11:59:00.000000Z|2026-01-05T12:00:00.000000Z|v1"
READS = ["/latest", "/lookup?version=v1", "", "/v1/risk", "/v1/stress", "/latest/risk", "/latest/stress"]


@pytest.fixture
def damaged(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return a hub that has v1, whose document cannot be read, and v0, which is sound."""
    api = hub.gateway()
    for version, as_of in (("v0", "2026-01-05T11:58:00Z"), ("v1", "2026-01-05T11:59:00Z")):
        assert post(api, book(version, as_of=as_of)).status == 201
    select, get = hub.snapshots.select, hub.snapshots.get

    def readable(found: Any) -> Any:
        if found is not None and found.version == "v1":
            raise DocumentError("w1", "v1", REASON)
        return found

    def selected(query: SnapshotQuery) -> list[Any]:
        return [readable(each) for each in select(query)]

    monkeypatch.setattr(hub.snapshots, "get", lambda *key: readable(get(*key)))
    monkeypatch.setattr(hub.snapshots, "select", selected)
    return hub


@pytest.mark.parametrize("path", READS)
def test_a_read_of_a_damaged_snapshot_is_424_and_names_the_version(
    damaged: Hub, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    answer = damaged.gateway()("GET", f"{SNAPSHOTS}{path}")
    assert (answer.status, answer.slug, answer.json["version"]) == (424, "document-unavailable", "v1")
    assert answer.json["detail"] == f"version 'v1' of world 'w1': {REASON}"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["reason"] for line in lines if "risk_hub_blob_errors_total" in line] == ["unusable"]
    (refused,) = [line for line in lines if line.get("message") == "refused"]
    assert (refused["problem"], refused["detail"]) == ("document-unavailable", answer.json["detail"])


def test_the_other_versions_of_a_world_with_a_damaged_snapshot_are_read(damaged: Hub) -> None:
    api = damaged.gateway()
    assert api("GET", f"{SNAPSHOTS}/lookup?version=v0").status == 200
    assert api("GET", f"{SNAPSHOTS}?to=2026-01-05T11:58:30Z").json["snapshots"][0]["version"] == "v0"


def test_a_publication_under_the_version_of_a_damaged_snapshot_is_424(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_once(*_given: Any) -> Any:
        raise DocumentError("w1", "v1", REASON)

    monkeypatch.setattr(hub.snapshots, "put_once", put_once)
    answer = post(api)
    assert (answer.status, answer.slug, answer.json["version"]) == (424, "document-unavailable", "v1")


@pytest.mark.usefixtures("damaged")
def test_a_back_test_over_a_damaged_forecast_is_424(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_given: Any) -> Any:
        raise DocumentError("w1", "v1", "its forecast risk-bodies/w1/abc is missing")

    monkeypatch.setattr(hub.forecasts, "newest_ids", lambda *_given, **_asked: [FORECAST])
    monkeypatch.setattr(hub.forecasts, "load", load)
    answer = api("GET", "/risk-hub/worlds/w1/risk/backtest?stage=paper")
    assert (answer.status, answer.slug) == (424, "document-unavailable")
