"""Reads of a world that no longer changes: every release must give the same answers."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from infra.local.http_call import call
from infra.local.sample.publish import HubEndpoint, publish, sample_body, wait_for_risk

WORLD, STAGE = "us20", "paper"
POLICY = {"version": "kept-1", "cool_down_seconds": 3_600, "stress": [{"max_loss": 0.9}]}
EXPECTATION = {"owner": "desk-a", "warn_seconds": 86_400, "critical_seconds": 172_800}
# All functions restart at each change, on one machine, so the first answer after a change may take long.
TIMEOUT_SECONDS = 90.0
Answers = dict[str, Any]


class FixedWorld:
    """The world of the sample, published and evaluated with the first release."""

    def __init__(self, hub: HubEndpoint, now: Any) -> None:
        """Publish the sample, with a policy and an expectation, and wait for its results."""
        self._hub = hub
        self._version = publish(hub, _released_body(now))
        for note, document in (("exit-policy", POLICY), ("expectations", EXPECTATION)):
            self._put(f"worlds/{WORLD}/{note}?stage={STAGE}", document)
        wait_for_risk(hub, self._version)

    def answers(self) -> Answers:
        """Return the hub's answers about the world by request, without time-dependent members."""
        snapshots = f"worlds/{WORLD}/snapshots"
        version = quote(self._version, safe="")
        paths = {
            "latest": f"{snapshots}/latest",
            "latest, expanded": f"{snapshots}/latest?expand=true",
            "version": f"{snapshots}/lookup?version={version}",
            "instant": f"{snapshots}/lookup?as_of=2100-01-01T00:00:00Z&include_expired=true",
            "page": f"{snapshots}?limit=5",
            "risk": f"{snapshots}/{version}/risk",
            "back-test": f"worlds/{WORLD}/risk/backtest?stage={STAGE}",
            "exit policy": f"worlds/{WORLD}/exit-policy?stage={STAGE}",
            "expectation": f"worlds/{WORLD}/expectations?stage={STAGE}",
            "contract": "contract",
        }
        return {name: self._get(path) for name, path in paths.items()}

    def _get(self, path: str) -> Any:
        url = f"{self._hub.url}/risk-hub/{path}"
        answer = call("GET", url, self._hub.headers(), timeout_seconds=TIMEOUT_SECONDS)
        return {"status": answer.status, "body": _without_volatile(json.loads(answer.body))}

    def _put(self, path: str, document: Mapping[str, Any]) -> None:
        headers = {**self._hub.headers(), "Content-Type": "application/json"}
        answer = call("PUT", f"{self._hub.url}/risk-hub/{path}", headers, json.dumps(document).encode())
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{path} was answered {answer.status}: {answer.body!r}")


def changed(before: Answers, after: Answers) -> list[str]:
    """Return the requests whose answers lost or changed a member; new members are allowed (ADR-0027)."""
    return [name for name, answer in before.items() if not contains(answer, after[name])]


def _released_body(now: Any) -> dict[str, Any]:
    """Return the sample without the members that a later contract added: the released hub refuses them."""
    return {name: value for name, value in sample_body(now).items() if name != "returns_meta"}


def contains(was: Any, now: Any) -> bool:
    """Return whether an answer contains everything that the other one contains."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return all(name in now and contains(value, now[name]) for name, value in was.items())
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(map(contains, was, now))
    return bool(was == now)


def _without_volatile(document: Any) -> Any:
    """Leave out values that differ between requests: the request id, and signatures with their times."""
    if isinstance(document, dict):
        return {k: _without_volatile(v) for k, v in document.items() if k not in {"instance", "download_url"}}
    return [_without_volatile(each) for each in document] if isinstance(document, list) else document
