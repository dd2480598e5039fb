"""The benchmark of the export: its process exports the served segments and measures its floor."""

import sys
from pathlib import Path

from tools.bench.export import SEGMENT_COUNT, serving
from tools.bench.processes import figures


def test_export_process_exports_all_segments_and_prints_its_figures(tmp_path: Path) -> None:
    with serving(2) as url:
        found = figures((sys.executable, "-m", "tools.bench.export_process", url, str(tmp_path)))
    assert set(found) == {"export_s", "floor_s", "peak_mb"}
    assert min(found.values()) > 0
    lines = (tmp_path / "history.jsonl").read_bytes().splitlines()
    assert len(lines) == 2 * SEGMENT_COUNT
    assert (tmp_path / "copy.jsonl").read_bytes().splitlines() == lines
