"""Benchmarks of the whole path on a separate local stage: event delivery, and a 5,000-asset round trip."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from infra.local.bring_up import start_stage
from infra.local.sample.publish import HubEndpoint
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from tools.bench.delay import delay_line
from tools.bench.lines import Line

ROOT = Path(__file__).parents[2]
PEAK_MAX_RATIO = 2.5
# The second is more than one signed request accepts: it is uploaded in parts.
ASSETS, ASSETS_IN_PARTS = 5_000, 5_200


def stage_lines() -> Iterator[Line]:
    """Time events; publish, evaluate and read back both forms of thousands of assets, each by a fresh client process."""
    with TemporaryDirectory() as folder:
        settings = LocalSettings(Path(folder), ANY_FREE_PORT, ANY_FREE_PORT)
        stage = start_stage(settings, Console(quiet=True), detached=False, fresh=True)
        try:
            yield delay_line(stage.hub.url, stage.hub.token)
            yield _line("packed", ASSETS, stage.hub)
            yield _line("packed", ASSETS_IN_PARTS, stage.hub)
            yield _line("factor", ASSETS, stage.hub)
        finally:
            stage.process.stop()


def _line(form: str, assets: int, hub: HubEndpoint) -> Line:
    command = [sys.executable, "-m", "tools.bench.roundtrip_client", form, str(assets), hub.url, hub.token]
    found = json.loads(subprocess.check_output(command, cwd=ROOT))
    blob, used = found["blob_mb"], found["peak_mb"] - found["base_mb"]
    spans = f"publish {found['publish_s']:.1f} s, evaluate {found['evaluate_s']:.1f} s, read {found['read_s']:.1f} s"
    return Line(
        f"{assets:,} assets, {form}: published, evaluated and read back on the local stage ({blob:.1f} MB blob)",
        f"{spans}; peak of the client {used:.0f} MB above its base = {used / blob:.2f} ×",
        f"the interpreter with its libraries: {found['base_mb']:.0f} MB",
        "≤ 2.5 × blob" if form == "packed" else "–",
        form != "packed" or used <= PEAK_MAX_RATIO * blob,
    )
