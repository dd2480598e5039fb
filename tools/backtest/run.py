"""Publish a history to a local stage over HTTP, wait for its evaluations, and query the command line."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local.sample.publish import HubEndpoint
from infra.local.settings import REPOSITORY
from tests.fakes.calls import call
from tools.backtest.history import Table, snapshots

WORLD = "us20"
STAGE = "backtest"
PUBLISHERS = 3
DEADLINE_SECONDS = 900.0
POLL_SECONDS = 0.5


def publish(hub: HubEndpoint, table: Table, world: str = WORLD) -> None:
    """Post every snapshot of a history.

    Raises:
        RuntimeError: one was refused.
    """
    headers = {
        **hub.headers(),
        "X-Actor": "gateway",
        "X-Stage": STAGE,
        "Content-Type": "application/json",
    }

    def post(body: dict[str, Any]) -> None:
        url = f"{hub.url}/risk-hub/worlds/{world}/snapshots"
        answer = call("POST", url, headers, json.dumps(body).encode())
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{body['version']} was refused: {answer.body.decode()[:500]}")

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        list(pool.map(post, snapshots(table)))


def wait_for_forecasts(
    hub: HubEndpoint, count: int, world: str = WORLD, *, within_seconds: float = DEADLINE_SECONDS
) -> None:
    """Return once this many days have a forecast.

    Raises:
        TimeoutError: too few have one before the deadline.
    """
    url = f"{hub.url}/risk-hub/worlds/{world}/risk/backtest?stage={STAGE}"
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        answer = call("GET", url, hub.headers())
        if answer.status == 200:
            report = answer.document()
            if report["observations"] + sum(report["left_out"].values()) >= count:
                return
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"fewer than {count} forecasts after {within_seconds:.0f} s")


def command_line(hub: HubEndpoint, *arguments: str, world: str = WORLD) -> str:
    """Return the output of `risk-hub risk backtest` for this world."""
    command = (sys.executable, "-m", "infra.ops.operate", "risk", "backtest", world)
    environment = {**os.environ, "RISK_HUB_URL": hub.url, "RISK_HUB_TOKEN": hub.token}
    given = (*command, "--stage", STAGE, *arguments)
    done = subprocess.run(
        given, cwd=REPOSITORY, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise RuntimeError(f"risk-hub ended with status {done.returncode}: {done.stderr}")
    return done.stdout
