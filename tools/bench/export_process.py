"""One fresh process: export a history, then gunzip and copy the same segments; print figures as JSON.

python -m tools.bench.export_process URL FOLDER
"""

import gzip
import json
import shutil
import sys
import time
import urllib.request
from pathlib import Path

from risk_hub_client import RiskHubClient
from risk_hub_client.history.export import export_history
from risk_hub_client.history.export_state import ExportRequest
from tools.bench.export import PERIOD, WORLD
from tools.bench.memory import peak_mb


def main(url: str, folder: str) -> None:
    """Measure and print."""
    target = Path(folder)
    with RiskHubClient(url, "bench") as client:
        history = client.history(WORLD, *PERIOD)
        request = ExportRequest(url, WORLD, history.start, history.end, "jsonl")
        start = time.perf_counter()
        exported = export_history(history, request, target / "history.jsonl", lambda *_: None)
        export_s = time.perf_counter() - start
    peak = peak_mb()
    floor_s = copy_segments(url, target)
    sizes = {file.stat().st_size for file in (target / "history.jsonl", target / "copy.jsonl")}
    if len(sizes) != 1:
        raise RuntimeError(f"the export of {exported.count} snapshots differs from the copy: {sizes}")
    figures = {"export_s": export_s, "floor_s": floor_s, "peak_mb": peak}
    sys.stdout.write(json.dumps(figures) + "\n")


def copy_segments(url: str, target: Path) -> float:
    """Return the seconds in which the downloaded segments are unpacked and copied to one file."""
    with urllib.request.urlopen(f"{url}/risk-hub/worlds/{WORLD}/history") as answer:  # noqa: S310 - loopback
        listed = json.load(answer)["segments"]
    files = [target / f"{number}.gz" for number in range(len(listed))]
    for file, segment in zip(files, listed, strict=True):
        with urllib.request.urlopen(segment["download_url"]) as answer:  # noqa: S310 - loopback
            file.write_bytes(answer.read())
    start = time.perf_counter()
    with (target / "copy.jsonl").open("wb") as out:
        for file in files:
            with gzip.open(file) as data:
                shutil.copyfileobj(data, out, 1_048_576)
    return time.perf_counter() - start


if __name__ == "__main__":
    main(*sys.argv[1:])
