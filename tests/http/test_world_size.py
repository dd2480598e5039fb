"""The size of a world: reported with each stored snapshot, and answered with 507 where the world is full."""

import json
from typing import Any

import pytest

from risk_hub_contracts.base.limits import (
    HOT_WINDOW_MAX_GIGABYTES,
    ITEM_COLLECTION_MAX_GIGABYTES,
    WORLD_SIZE_ALARM_GIGABYTES,
)
from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post

LARGE = 2.0
SMALL = 1.0


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def sizes(printed: list[dict[str, Any]]) -> list[tuple[list[list[str]], list[float]]]:
    """Return the sets of dimensions and the values of each line with a size."""
    found = [line for line in printed if "risk_hub_world_size_gigabytes" in line]
    return [
        (line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], line["risk_hub_world_size_gigabytes"])
        for line in found
    ]


@pytest.fixture
def full(hub: Hub) -> Hub:
    """Return a hub whose world w1 has v1 and accepts nothing more."""
    assert post(hub.gateway()).status == 201
    hub.snapshots.full_worlds.add("w1")
    return hub


def test_the_alarm_is_at_60_percent_of_a_quarter_of_the_limit_of_an_item_collection() -> None:
    assert pytest.approx(ITEM_COLLECTION_MAX_GIGABYTES / 4) == HOT_WINDOW_MAX_GIGABYTES
    assert pytest.approx(HOT_WINDOW_MAX_GIGABYTES * 0.6) == WORLD_SIZE_ALARM_GIGABYTES
    assert SMALL < WORLD_SIZE_ALARM_GIGABYTES < LARGE


def test_a_publication_to_a_full_world_is_507_and_says_that_repeating_it_does_not_help(full: Hub) -> None:
    answer = post(full.gateway(), book("v2"))
    assert (answer.status, answer.slug) == (507, "world-full")
    assert "world 'w1' is full" in answer.json["detail"]
    assert answer.json["remedy"].startswith("Do not repeat the request")
    assert "retry-after" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert list(full.snapshots.rows) == [("w1", "v1")]


def test_a_full_world_still_answers_reads_replays_and_conflicts_and_other_worlds_accept(full: Hub) -> None:
    api = full.gateway()
    assert api("GET", f"{SNAPSHOTS}/latest").json["version"] == "v1"
    assert post(api).status == 200
    assert post(api, book(weights={"AAPL": 1.0})).slug == "version-conflict"
    assert api("POST", "/risk-hub/worlds/w2/snapshots", book()).status == 201


def test_a_world_that_has_space_again_accepts_the_same_publication(full: Hub) -> None:
    api = full.gateway()
    assert post(api, book("v2")).status == 507
    full.snapshots.full_worlds.clear()
    assert post(api, book("v2")).status == 201


def test_a_refused_publication_to_a_full_world_is_counted_and_logged_with_its_world(
    full: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    post(full.gateway(), book("v2"))
    printed = lines(capsys)
    (counted,) = [line for line in printed if "risk_hub_http_refused_total" in line]
    assert (counted["reason"], counted["status"]) == ("world-full", "5xx")
    (failure,) = [line for line in printed if line.get("message") == "failure"]
    assert (failure["level"], failure["exception_name"]) == ("ERROR", "WorldFullError")
    assert "world 'w1' is full" in failure["exception"]


def test_blobs_of_a_publication_to_a_full_world_are_claimed_so_that_the_reaper_removes_them_later(
    full: Hub,
) -> None:
    assert post(full.gateway(), book("v2", realized_returns=[0.01] * 600)).status == 507
    ((ref, _),) = full.blobs.objects.items()
    (claim,) = full.marks.claims("w1", ref.rpartition("/")[2])
    assert claim.version == "v2"


def test_each_stored_snapshot_reports_the_size_of_its_world_by_stage(
    api: Gateway, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.snapshots.gigabytes["w1"] = SMALL
    post(api)
    printed = lines(capsys)
    assert sizes(printed) == [([["stage"]], [SMALL])]
    assert [line for line in printed if line.get("message") == "large world"] == []


def test_a_store_without_an_estimate_and_a_replay_report_no_size(
    api: Gateway, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert post(api).status == 201
    hub.snapshots.gigabytes["w1"] = LARGE
    assert post(api).status == 200
    assert sizes(lines(capsys)) == []


@pytest.mark.parametrize(
    ("gigabytes", "is_large"), [(SMALL, False), (WORLD_SIZE_ALARM_GIGABYTES, True), (LARGE, True)]
)
@pytest.mark.parametrize("metered", [True, False])
def test_only_a_large_world_is_logged_and_looked_up_among_the_worlds_with_metrics(
    hub: Hub, capsys: pytest.CaptureFixture[str], *, gigabytes: float, is_large: bool, metered: bool
) -> None:
    requested: list[tuple[str, str]] = []

    def is_metered(world_id: str, stage: str) -> bool:
        requested.append((world_id, stage))
        return metered

    hub.metered = is_metered
    hub.snapshots.gigabytes["w1"] = gigabytes
    post(hub.gateway())
    printed = lines(capsys)
    by_world = [([["stage", "world_id"]], [gigabytes])] if is_large and metered else []
    assert sizes(printed) == [([["stage"]], [gigabytes]), *by_world]
    assert requested == ([("w1", "paper")] if is_large else [])
    logged = [line for line in printed if line.get("message") == "large world"]
    assert [(line["world_id"], line["world_gigabytes"]) for line in logged] == (
        [("w1", gigabytes)] if is_large else []
    )
