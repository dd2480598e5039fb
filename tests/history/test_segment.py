"""A segment: what its bytes, its id and its digest depend on."""

import gzip
import random
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from functions.history.segment import (
    add_digests,
    compress_lines,
    decode_segment,
    digest_of,
    encode_line,
    key_of_name,
    order_of_line,
    segment_id,
    segment_row,
)
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.times import format_instant
from tests.fakes.clock import START
from tests.fakes.samples import WORLD, series, stored

ODD = stored(
    "odd",
    as_of=START + timedelta(minutes=9, microseconds=1),
    created_at=START + timedelta(minutes=9, microseconds=7),
    correlation_id="c-1",
    trace_header="Root=1",
    note="é\r\n\u2028 line",
    weights={"MSFT": 0.1 + 0.2, "AAPL": -1e-17},
    big=2**53 - 1,
)
SNAPSHOTS = [*series(3), ODD.sized(123)]
KEEP = START + timedelta(days=9)


def encode(snapshots: list[SnapshotRecord]) -> bytes:
    return compress_lines(map(encode_line, snapshots))


def test_a_segment_holds_every_field_and_the_order_of_the_members_of_each_document() -> None:
    found = decode_segment(encode(SNAPSHOTS))
    assert found == SNAPSHOTS
    assert [orjson.dumps(each.to_answer(START)) for each in found] == [
        orjson.dumps(each.to_answer(START)) for each in SNAPSHOTS
    ]


def test_a_segment_is_one_json_line_per_snapshot_with_named_fields() -> None:
    lines = gzip.decompress(encode(SNAPSHOTS)).decode().splitlines(keepends=True)
    raw = gzip.decompress(encode(SNAPSHOTS))
    assert raw.count(b"\n") == len(SNAPSHOTS)
    assert raw.endswith(b"\n")
    assert list(orjson.loads(lines[0])) == [
        "world_id",
        "version",
        "as_of",
        "created_at",
        "expires_at",
        "stage",
        "actor",
        "content_hash",
        "ttl_sec",
        "document_bytes",
        "correlation_id",
        "trace_header",
        "document",
    ]
    assert orjson.loads(lines[0])["expires_at"] == format_instant(SNAPSHOTS[0].expires_at)


def test_the_time_order_of_a_line_is_read_from_its_beginning() -> None:
    assert [order_of_line(encode_line(each)) for each in SNAPSHOTS] == [each.order for each in SNAPSHOTS]
    with pytest.raises(ValueError, match="begins with"):
        order_of_line(b'{"version":"v1"}')


def test_equal_content_has_equal_bytes_and_an_equal_id() -> None:
    again = decode_segment(encode(SNAPSHOTS))
    assert (encode(again), segment_id(again)) == (encode(SNAPSHOTS), segment_id(SNAPSHOTS))


@pytest.mark.parametrize(
    "other",
    [
        SNAPSHOTS[:-1],
        [*SNAPSHOTS[:-1], replace(ODD, content_hash="sha256:other")],
        [*SNAPSHOTS[:-1], stored("x")],
    ],
    ids=["one fewer", "another hash", "another version"],
)
def test_other_content_has_another_id(other: list[SnapshotRecord]) -> None:
    assert segment_id(other) != segment_id(SNAPSHOTS)


def test_the_rolling_digest_does_not_depend_on_order_or_on_the_split_into_segments() -> None:
    shuffled = random.Random(3).sample(SNAPSHOTS, len(SNAPSHOTS))
    assert digest_of(shuffled) == digest_of(SNAPSHOTS)
    for cut in range(len(shuffled) + 1):
        parts = (digest_of(shuffled[:cut]), digest_of(shuffled[cut:]))
        assert add_digests(parts) == digest_of(SNAPSHOTS)
    assert digest_of([]) == "0" * 64


def test_the_row_names_range_size_and_extremes_of_its_segment() -> None:
    data = encode(SNAPSHOTS)
    row = segment_row(SNAPSHOTS, data, KEEP)
    assert (row.count, row.size_bytes, row.day, row.retain_until) == (4, len(data), "2026-01-05", KEEP)
    assert (row.first_order, row.last_order) == (SNAPSHOTS[0].order, ODD.order)
    assert (row.least_created_at, row.greatest_created_at) == (START, ODD.created_at)
    assert row.greatest_expires_at == ODD.expires_at
    assert row.stages == ("paper",)
    assert row.key == f"risk-history/snapshots/world_id={WORLD}/day=2026-01-05/{row.segment_id}.jsonl.gz"
    assert row.segment_id.startswith("20260105T120000000000Z-")


def test_the_object_is_found_by_the_short_name_that_a_tombstone_keeps() -> None:
    row = segment_row(SNAPSHOTS, encode(SNAPSHOTS), KEEP)
    assert key_of_name(WORLD, row.name) == row.key
    assert len(row.name) == 46
