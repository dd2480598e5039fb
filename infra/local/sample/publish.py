"""Publish the sample world through the API, as a producer would, and wait for its risk numbers."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from infra.errors import LocalStageError
from infra.local.http_call import Answer, call
from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.api.routes import path_of

WORLD_ID: Final = "us20"
ACTOR: Final = "gateway"
SNAPSHOT_STAGE: Final = "paper"
TTL_SECONDS: Final = 86_400
RISK_DEADLINE_SECONDS: Final = 30.0
RISK_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class HubEndpoint:
    """URL and token of the hub."""

    url: str
    token: str

    def headers(self) -> dict[str, str]:
        """Return the headers of a read."""
        return {"Authorization": f"Bearer {self.token}"}


def sample_body(now: datetime) -> dict[str, Any]:
    """Return the sample snapshot as of `now` (aware, UTC); its version contains that instant."""
    as_of = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    fixed: Mapping[str, Any] = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
    return {"version": f"sample-{as_of}", "as_of": as_of, "ttl_sec": TTL_SECONDS, **fixed}


def publish(hub: HubEndpoint, body: Mapping[str, Any]) -> str:
    """Post the snapshot and return its version.

    Raises:
        LocalStageError: the hub refused it; the text is the hub's own problem document.
    """
    headers = {
        **hub.headers(),
        "Content-Type": "application/json",
        "X-Actor": ACTOR,
        "X-Stage": SNAPSHOT_STAGE,
    }
    url = hub.url + path_of("publish_snapshot", world_id=WORLD_ID)
    answer = call("POST", url, headers, json.dumps(body).encode())
    if answer.status not in {200, 201}:
        raise LocalStageError(_rejection_text("The sample world was rejected", answer))
    return str(body["version"])


def wait_for_risk(hub: HubEndpoint, version: str) -> dict[str, Any]:
    """Return the risk report of a sample version once the worker has written it.

    Raises:
        LocalStageError: no report within 30 seconds.
    """
    url = hub.url + path_of("read_risk", world_id=WORLD_ID, version=version)
    deadline = time.monotonic() + RISK_DEADLINE_SECONDS
    answer = call("GET", url, hub.headers())
    while answer.status != 200 and time.monotonic() < deadline:  # noqa: PLR2004 - HTTP OK
        time.sleep(RISK_POLL_SECONDS)
        answer = call("GET", url, hub.headers())
    if answer.status != 200:  # noqa: PLR2004
        raise LocalStageError(_rejection_text(f"No risk numbers after {RISK_DEADLINE_SECONDS:.0f} s", answer))
    report: dict[str, Any] = answer.document()
    return report


def _rejection_text(what: str, answer: Answer) -> str:
    return f"{what} (HTTP {answer.status}): {answer.body.decode(errors='replace')[:2000]}"
