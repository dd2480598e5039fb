"""GET …/history and …/history/hot: the data set of a world, in segments and in rows that are still hot."""

import gzip
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from functions.history.segment import encode_line
from functions.hub.domain.cursor import encode_cursor
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.limits import DOWNLOAD_URL_TTL_SECONDS, RESPONSE_MAX_BYTES
from risk_hub_contracts.base.times import format_instant
from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub
from tests.fakes.moved import commit, move, segments_of
from tests.fakes.samples import WORLD, series

HISTORY = f"/risk-hub/worlds/{WORLD}/history"
HASH = "sha256:" + "ab" * 32


def snapshots(count: int, step: timedelta = timedelta(hours=6)) -> list[SnapshotRecord]:
    return [each.sized(len(encode_line(each))) for each in series(count, step=step, content_hash=HASH)]


def moved(hub: Hub, found: list[SnapshotRecord], size: int = 2) -> None:
    for each in segments_of(found, size):
        move(hub.snapshots, hub.segments, each)


def get(api: Gateway, path: str = "") -> Any:
    answer = api("GET", HISTORY + path)
    assert answer.status == 200, answer
    assert answer.headers["cache-control"] == "no-store"
    return answer.json


def pages(api: Gateway, path: str, name: str) -> list[Any]:
    """Return the elements of every page."""
    found, page = [], get(api, path)
    while True:
        found += page[name]
        if page["next_cursor"] is None:
            return found
        page = get(api, f"{path}&cursor={page['next_cursor']}")


def test_a_segment_is_described_by_its_day_digests_bounds_and_a_url_that_expires(
    api: Gateway, hub: Hub
) -> None:
    found = snapshots(2)
    row = commit(hub.segments, found)
    page = get(api)
    expires_at = hub.clock() + timedelta(seconds=DOWNLOAD_URL_TTL_SECONDS)
    assert page == {
        "segments": [
            {
                "day": "2026-01-05",
                "key": row.key,
                "count": 2,
                "bytes": len(hub.segments.objects[row.key]),
                "sha256": hashlib.sha256(hub.segments.objects[row.key]).hexdigest(),
                "digest": row.digest,
                "first_order": found[0].order,
                "last_order": found[1].order,
                "download_url": f"https://blobs.invalid/{row.key}?signed",
            }
        ],
        "urls_expire_at": format_instant(expires_at),
        "next_cursor": None,
    }


def test_pages_of_segments_hold_every_segment_once_by_day(api: Gateway, hub: Hub) -> None:
    found = snapshots(40)
    moved(hub, found, size=3)
    listed = pages(api, "?limit=2", "segments")
    assert [each["key"] for each in listed] == [
        row.key for _, row in sorted(hub.segments.stored[WORLD].items())
    ]
    assert sum(each["count"] for each in listed) == 40


def test_each_segment_is_on_exactly_one_page_although_several_of_a_day_end_with_the_same_order(
    api: Gateway, hub: Hub
) -> None:
    found = snapshots(4, step=timedelta(hours=1))
    rows = [commit(hub.segments, found[first:]) for first in range(4)]
    assert {each["key"] for each in pages(api, "?limit=1", "segments")} == {row.key for row in rows}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?from=2026-01-07T00:00:00Z", ["2026-01-07", "2026-01-08"]),
        ("?to=2026-01-06T12:00:00Z", ["2026-01-05", "2026-01-06"]),
        ("?from=2026-01-06T11:00:00Z&to=2026-01-06T13:00:00Z", ["2026-01-06"]),
        ("?from=2026-02-01T00:00:00Z", []),
        ("?from=2026-01-08T00:00:00Z&to=2026-01-05T00:00:00Z", []),
    ],
)
def test_bounds_select_the_segments_that_may_hold_a_snapshot_of_the_period(
    api: Gateway, hub: Hub, query: str, expected: list[str]
) -> None:
    moved(hub, snapshots(4, step=timedelta(days=1)))
    assert [each["day"] for each in get(api, query)["segments"]] == expected


def test_hot_rows_are_the_lines_that_the_snapshots_have_in_a_segment(api: Gateway, hub: Hub) -> None:
    hub.post("v1")
    (row,) = get(api, "/hot")["rows"]
    segment = commit(hub.segments, list(hub.snapshots.rows.values()))
    assert json.loads(gzip.decompress(hub.segments.objects[segment.key])) == row
    assert row["document"]["weights"] == {"AAPL": 0.6, "MSFT": 0.4}


def test_hot_rows_include_expired_snapshots_oldest_first_and_none_that_was_moved(
    api: Gateway, hub: Hub
) -> None:
    for minute in range(7):
        hub.post(f"v{minute}", minute, ttl_sec=1)
    hub.clock.advance(minutes=60)
    moved(hub, [hub.snapshots.rows[WORLD, f"v{each}"] for each in range(3)])
    assert [row["version"] for row in pages(api, "/hot?limit=2", "rows")] == ["v3", "v4", "v5", "v6"]
    assert [each["count"] for each in get(api)["segments"]] == [2, 1]


def test_hot_rows_of_a_page_fit_in_one_response(api: Gateway, hub: Hub) -> None:
    for each in snapshots(3):
        hub.snapshots.rows[WORLD, each.version] = each.sized(RESPONSE_MAX_BYTES - 1)
    assert [row["version"] for row in get(api, "/hot?limit=3")["rows"]] == ["v000"]
    assert len(pages(api, "/hot?limit=3", "rows")) == 3


@pytest.mark.parametrize("path", ["", "/hot"])
def test_a_world_without_snapshots_has_an_empty_history(api: Gateway, path: str) -> None:
    page = get(api, path)
    assert page["next_cursor"] is None
    assert page.get("segments", page.get("rows")) == []


@pytest.mark.parametrize("path", ["", "/hot"])
@pytest.mark.parametrize(
    "query", ["from=yesterday", "limit=0", "limit=101", "stage=paper", "from=2026-01-05"]
)
def test_a_parameter_that_the_history_does_not_have_is_refused(api: Gateway, path: str, query: str) -> None:
    assert api("GET", f"{HISTORY}{path}?{query}").slug == "invalid-query"


@pytest.mark.parametrize(("path", "name"), [("", "segments"), ("/hot", "rows")])
def test_a_cursor_is_valid_only_for_its_own_query_and_position(
    api: Gateway, hub: Hub, path: str, name: str
) -> None:
    for minute in range(3):
        hub.post(f"v{minute}", minute)
        commit(hub.segments, [hub.snapshots.rows[WORLD, f"v{minute}"]])
    page = get(api, f"{path}?limit=1")
    cursor = page["next_cursor"]
    assert len(get(api, f"{path}?limit=1&cursor={cursor}")[name]) == 1
    other_kind = "/hot" if path == "" else ""
    forged = encode_cursor({"world_id": WORLD, "of": name, "from_": None, "to": None}, "2026-01-05")
    for refused in (
        f"{path}?cursor={cursor}&from=2026-01-05T00:00:00Z",
        f"{other_kind}?cursor={cursor}",
        f"{path}?cursor={cursor[:-1]}",
        f"{path}?cursor={forged}",
    ):
        assert api("GET", HISTORY + refused).slug == "cursor-invalid"


@pytest.mark.parametrize("path", ["", "/hot"])
def test_history_needs_the_scope_to_read_snapshots(api: Gateway, hub: Hub, path: str) -> None:
    writer = hub.tokens.issue(scopes=("snapshots:write",))
    answer = api("GET", HISTORY + path, headers={"Authorization": f"Bearer {writer}"})
    assert answer.slug == "forbidden-scope"
