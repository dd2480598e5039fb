"""A stop during a burst of requests ends every process of the stage and leaves no traceback in its log."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from infra.local.bring_up import start_stage
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from infra.local.stage_process import stop_recorded
from tests.local_stage.caller import Caller, small_body, wait_until

BURST_COUNT = 40
STOP_MAX_SECONDS = 15.0
WORKER_VARIABLE = b"AWS_LAMBDA_FUNCTION_NAME="


def worker_pids(settings: LocalSettings) -> list[int]:
    """Return the processes of the functions of one stage."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (folder / "environ").read_bytes()
            if str(settings.temporary).encode() in environment and WORKER_VARIABLE in environment:
                found.append(int(folder.name))
    return found


def post_ignoring_the_stop(hub: Caller, number: int) -> None:
    with suppress(OSError):
        hub.post(f"burst-{number % 5}", small_body(f"v{number}"))


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_no_worker_survives_a_stop_during_a_burst_and_no_traceback_is_logged(tmp_path: Path) -> None:
    settings = LocalSettings(tmp_path, ANY_FREE_PORT, ANY_FREE_PORT)
    stage = start_stage(settings, Console(quiet=True), detached=True, fresh=True)
    hub = Caller(stage.hub)
    try:
        with ThreadPoolExecutor(BURST_COUNT) as pool:
            for number in range(BURST_COUNT):
                pool.submit(post_ignoring_the_stop, hub, number)
            wait_until(lambda: len(worker_pids(settings)) > 3, "the burst has several workers")
            began = time.monotonic()
            stop_recorded(stage.process.record)
            assert worker_pids(settings) == []
            assert time.monotonic() - began < STOP_MAX_SECONDS
    finally:
        stage.process.stop()
    log = settings.log_file.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "[local-stage.saving] Saved in" in log.splitlines()[-1]
