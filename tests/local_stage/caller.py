"""Calls to the hub's front server, as a program with curl would make them."""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from infra.local.sample.publish import HubEndpoint
from tests.fakes.calls import Answer, call

POLL_SECONDS = 0.05
DEADLINE_SECONDS = 60.0


class Caller:
    def __init__(self, hub: HubEndpoint) -> None:
        self.hub = hub

    def get(self, path: str, **headers: str) -> Answer:
        return call("GET", self.hub.url + path, {**self.hub.headers(), **headers})

    def post(self, world: str, body: Mapping[str, Any] | bytes, **headers: str) -> Answer:
        given = {"X-Actor": "gateway", "X-Stage": "paper", "Content-Type": "application/json", **headers}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return call("POST", self.snapshots(world), {**self.hub.headers(), **given}, raw)

    def post_to(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Post to a path under `/risk-hub/worlds/`."""
        given = {**self.hub.headers(), "X-Actor": "gateway", "Content-Type": "application/json"}
        return call("POST", f"{self.hub.url}/risk-hub/worlds/{path}", given, json.dumps(body).encode())

    def put_to(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Put to a path under `/risk-hub/worlds/`."""
        given = {**self.hub.headers(), "Content-Type": "application/json"}
        return call("PUT", f"{self.hub.url}/risk-hub/worlds/{path}", given, json.dumps(body).encode())

    def snapshots(self, world: str) -> str:
        return f"{self.hub.url}/risk-hub/worlds/{world}/snapshots"

    def risk(self, world: str, version: str, *, within_seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + within_seconds
        while True:
            answer = self.get(f"/risk-hub/worlds/{world}/snapshots/{version}/risk")
            if answer.status == 200 or time.monotonic() > deadline:
                assert answer.status == 200, answer.body
                document: dict[str, Any] = answer.document()
                return document
            time.sleep(POLL_SECONDS)


def new_world() -> str:
    return f"world-{secrets.token_hex(4)}"


def now_text() -> str:
    return datetime.now(tz=UTC).isoformat().replace("+00:00", "Z")


def small_body(version: str = "v1", **changes: object) -> dict[str, Any]:
    return {"version": version, "as_of": now_text(), "weights": {"AAPL": 0.6, "MSFT": 0.4}, **changes}


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(POLL_SECONDS)
