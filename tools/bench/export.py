"""Benchmark of `risk-hub history export` on loopback: its rate, its memory, and a floor in the same process.

The segments are made by the hub's own encoder. A server in this process answers like the hub and its store.
"""

import json
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import TemporaryDirectory
from typing import Any

from functions.history.segment import SegmentRow, compress_lines, encode_line, segment_row
from functions.hub.domain.snapshot_record import SnapshotRecord
from tests.fakes.clock import START
from tests.fakes.samples import stored
from tools.bench.lines import Line
from tools.bench.processes import figures

WORLD, PERIOD = "bench", ("2026-01-01", "2026-12-31")
SEGMENT_COUNT, SHORT_SEGMENTS, LONG_SEGMENTS = 2_000, 10, 40
RATE_MIN, RATIO_MAX, GROWTH_MAX = 20_000, 6.0, 1.1
ASSETS = [f"ASSET{number:04}" for number in range(20)]


def export_lines() -> Iterator[Line]:
    """Export a short history and a long one, each in a fresh process."""
    short, long = _measured(SHORT_SEGMENTS), _measured(LONG_SEGMENTS)
    count = LONG_SEGMENTS * SEGMENT_COUNT
    rate, floor_rate = count / long["export_s"], count / long["floor_s"]
    ratio, growth = floor_rate / rate, long["peak_mb"] / short["peak_mb"]
    yield Line(
        f"export of {count:,} snapshots of 20 weights as JSON lines, on loopback",
        f"{rate:,.0f} snapshots a second = {ratio:.1f} × the time",
        f"gunzip + copy: {floor_rate:,.0f} a second",
        f"≥ {RATE_MIN:,} a second; ≤ {RATIO_MAX:g} ×",
        rate >= RATE_MIN and ratio <= RATIO_MAX,
    )
    yield Line(
        f"peak memory of the export of {count:,} snapshots",
        f"{long['peak_mb']:.0f} MB = {growth:.2f} ×",
        f"{SHORT_SEGMENTS * SEGMENT_COUNT:,} snapshots: {short['peak_mb']:.0f} MB",
        f"≤ {GROWTH_MAX} ×",
        growth <= GROWTH_MAX,
    )


def _measured(segments: int) -> dict[str, float]:
    with serving(segments) as url, TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "tools.bench.export_process", url, folder)
        found: dict[str, float] = figures(command)
        return found


def _segment(number: int) -> tuple[SegmentRow, bytes]:
    """Return one segment: a snapshot each minute, so that the days differ in their last segment only."""
    first = START + timedelta(days=2 * number)
    snapshots = [_snapshot(first + timedelta(seconds=each), number) for each in range(SEGMENT_COUNT)]
    data = compress_lines(map(encode_line, snapshots))
    return segment_row(snapshots, data, first + timedelta(days=3_650)), data


def _snapshot(at: Any, number: int) -> SnapshotRecord:
    made = stored(
        f"v{at.timestamp():.0f}",
        world_id=WORLD,
        as_of=at,
        created_at=at,
        content_hash=f"sha256:{number:064x}",
        # Weights of a real book differ between snapshots: equal ones would be unpacked faster.
        weights={asset: random.random() for asset in ASSETS},
    )
    return made.sized(len(json.dumps(made.document)))


@contextmanager
def serving(segments: int) -> Iterator[str]:
    """Serve that many segments; yield the address."""
    made = [_segment(number) for number in range(segments)]
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    url = f"http://127.0.0.1:{server.server_port}"
    listing = {
        "segments": [_described(row, url) for row, _ in made],
        "urls_expire_at": "",
        "next_cursor": None,
    }
    answers = {
        f"/risk-hub/worlds/{WORLD}/history/hot": json.dumps({"rows": [], "next_cursor": None}).encode(),
        f"/risk-hub/worlds/{WORLD}/history": json.dumps(listing).encode(),
        **{f"/{row.key}": data for row, data in made},
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = answers[self.path.partition("?")[0]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Discard the message."""

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()


def _described(row: SegmentRow, url: str) -> dict[str, Any]:
    names = ("day", "key", "count", "sha256", "digest", "first_order", "last_order")
    described = {name: getattr(row, name) for name in names}
    return {**described, "bytes": row.size_bytes, "download_url": f"{url}/{row.key}"}


if __name__ == "__main__":
    for line in export_lines():
        print(line)  # noqa: T201
