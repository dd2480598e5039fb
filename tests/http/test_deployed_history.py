"""The data set through the deployed reader on DynamoDB and S3."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import orjson
import pytest

from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.history.segment import SegmentRow
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.limits import DOWNLOAD_URL_TTL_SECONDS
from tests.fakes.answer_validation import validate_proxy_answer
from tests.fakes.cold_start import cold_start
from tests.fakes.deployed import CONTEXT, SETTINGS, deployed
from tests.fakes.gateway import proxy_event
from tests.fakes.moved import commit_through, segments_of
from tests.fakes.samples import WORLD, series

TOKEN = "token"  # noqa: S105 - of this test
HASH = "sha256:" + "12" * 32


@pytest.fixture
def reader() -> Iterator[Any]:
    with deployed(TOKEN, ["snapshots:read"]):
        yield cold_start("snapshot_reader").lambda_handler


def get(reader: Any, path: str) -> Any:
    return read(reader, f"history{path}")


def read(reader: Any, path: str) -> Any:
    event = proxy_event(
        "GET", f"/risk-hub/worlds/{WORLD}/{path}", [("Authorization", f"Bearer {TOKEN}")], None
    )
    answer = reader(event, CONTEXT)
    validate_proxy_answer(event, answer)
    assert answer["statusCode"] == 200, answer
    return orjson.loads(answer["body"])


def committed(snapshots: list[SnapshotRecord]) -> SegmentRow:
    index = DynamoDBSegments(boto3.client("dynamodb"), SETTINGS["RISK_HUB_SEGMENTS_TABLE"])
    return commit_through(index, S3Segments(boto3.client("s3"), SETTINGS["RISK_HUB_BUCKET"]), snapshots)


@pytest.mark.parametrize(
    ("route", "rows"),
    [
        ("snapshots?include_expired=true&", "snapshots"),
        ("snapshots?stage=paper&", "snapshots"),
        ("exit-signals?stage=paper&", "signals"),
        ("history?", "segments"),
        ("history/hot?", "rows"),
    ],
)
def test_a_page_of_a_period_that_ends_before_it_begins_is_empty(reader: Any, route: str, rows: str) -> None:
    committed(list(series(3, step=timedelta(hours=5), content_hash=HASH)))
    page = read(reader, f"{route}from=2026-01-09T00:00:00Z&to=2026-01-02T00:00:00Z")
    assert (page[rows], page["next_cursor"]) == ([], None)


def test_deployed_reader_lists_each_committed_segment_once_over_pages(reader: Any) -> None:
    found = series(30, step=timedelta(hours=5), content_hash=HASH)
    rows = [committed(list(each)) for each in segments_of(found, 2)]
    listed, cursor = [], ""
    while True:
        page = get(reader, f"?limit=3&to=2026-01-09T00:00:00Z{cursor}")
        listed += page["segments"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    wanted = [row for row in rows if row.first_order < "2026-01-09"]
    assert [(each["key"], each["sha256"]) for each in listed] == [(row.key, row.sha256) for row in wanted]


def test_url_of_a_segment_is_signed_for_minutes_and_for_its_object_only(reader: Any) -> None:
    row = committed(series(3, content_hash=HASH))
    (segment,) = get(reader, "")["segments"]
    parts = urlsplit(segment["download_url"])
    signed = parse_qs(parts.query)
    assert parts.path.endswith(row.key.replace("=", "%3D"))
    assert signed["X-Amz-Expires"] == [str(DOWNLOAD_URL_TTL_SECONDS)]
    assert signed["X-Amz-SignedHeaders"] == ["host"]


def test_deployed_reader_lists_hot_rows(reader: Any) -> None:
    assert get(reader, "/hot") == {"rows": [], "next_cursor": None}
