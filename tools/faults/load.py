"""Producers under faults: they post until they receive an answer, and repeat requests with an unknown result."""

import json
import random
import time
from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from infra.local.http_call import call
from infra.local.sample.publish import HubEndpoint

ASSETS = ("AAPL", "JPM", "KO", "MSFT", "XOM")
CALM_VARIANCE = 4e-4
RISKY_VARIANCE = 4e-2
RISKY_EVERY = 10
CALM_SHOCK = -0.1
RISKY_SHOCK = -0.5
# Rules of the default exit policy that a risky snapshot breaks, by the event that they judge: a value at risk of
# 29 % and a shortfall of 34 %; a loss of 50 %.
RISKY_RULES = {
    "risk_evaluated": (
        "value_at_risk.parametric_normal.9900.reduce",
        "expected_shortfall.parametric_normal.9900.reduce",
    ),
    "stress_evaluated": ("worst_stress.reduce",),
}
ATTEMPTS_MAX = 60
RETRY_SECONDS = 0.05
REPLAY_SHARE = 0.1
BACKFILL_SHARE = 0.1


@dataclass
class Load:
    """Post a number of snapshots over a number of worlds.

    Attributes:
        answers: how often each status was returned.
        given_up: snapshots without a success answer; must stay empty.
    """

    hub: HubEndpoint
    snapshots: int
    worlds: int
    threads: int = 6
    answers: Counter[int] = field(default_factory=Counter)
    given_up: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Post everything; a tenth of it twice, and a tenth of it late."""
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(self._publish, range(self.snapshots)))

    def world(self, number: int) -> str:
        """Return the world that a snapshot belongs to."""
        return f"fault-{number % self.worlds:03}"

    def snapshot(self, number: int) -> str:
        """Return `world/version` of a snapshot."""
        return f"{self.world(number)}/{version(number)}"

    def unanswered(self, names: Collection[str]) -> list[str]:
        """Return which of these snapshots, each given as `world/version`, the hub does not answer."""
        with ThreadPoolExecutor(self.threads) as pool:
            return sorted(
                name for name, found in zip(names, pool.map(self._is_found, names), strict=True) if not found
            )

    def _is_found(self, name: str) -> bool:
        world, _, wanted = name.partition("/")
        query = f"lookup?version={wanted}&include_expired=true"
        answer = call("GET", f"{self.hub.url}/risk-hub/worlds/{world}/snapshots/{query}", self.hub.headers())
        return answer.status == HTTPStatus.OK and json.loads(answer.body)["version"] == wanted

    def expected_signals(self, latest: Mapping[str, Collection[str]]) -> set[str]:
        """Return `world/version rule` of every expected exit signal.

        Args:
            latest: by event type, `world/version` of the snapshots whose event says that they were the latest:
                only these cause signals (INV-15).
        """
        return {
            f"{self.snapshot(number)} {rule}"
            for number in range(self.snapshots)
            if is_risky(number)
            for event_type, rules in RISKY_RULES.items()
            if self.snapshot(number) in latest[event_type]
            for rule in rules
        }

    def _publish(self, number: int) -> None:
        rng = random.Random(number)
        body = json.dumps(self._body(number, late=rng.random() < BACKFILL_SHARE)).encode()
        self._post_until_answered(number, body)
        if rng.random() < REPLAY_SHARE:
            self._post_until_answered(number, body)

    def _post_until_answered(self, number: int, body: bytes) -> None:
        for _ in range(ATTEMPTS_MAX):
            status = self._post(number, body)
            self.answers[status] += 1
            if status in {200, 201}:
                return
            time.sleep(RETRY_SECONDS)
        self.given_up.append(self.snapshot(number))

    def _post(self, number: int, body: bytes) -> int:
        headers = {
            **self.hub.headers(),
            "Content-Type": "application/json",
            "X-Actor": "gateway",
            "X-Stage": "paper",
        }
        url = f"{self.hub.url}/risk-hub/worlds/{self.world(number)}/snapshots"
        try:
            return call("POST", url, headers, body).status
        except OSError:
            return 0

    def _body(self, number: int, *, late: bool) -> dict[str, Any]:
        as_of = datetime.now(UTC) - (timedelta(hours=1) if late else timedelta())
        return {
            "version": version(number),
            "as_of": as_of.isoformat().replace("+00:00", "Z"),
            "ttl_sec": 86_400,
            "weights": dict.fromkeys(ASSETS, 1 / len(ASSETS)),
            "covariance": covariance(RISKY_VARIANCE if is_risky(number) else CALM_VARIANCE),
            "stress": {"crash": {"shocks": {}, "default": RISKY_SHOCK if is_risky(number) else CALM_SHOCK}},
            # A unique strategy, so that no cool-down of another snapshot suppresses its signals.
            "provenance": {"strategy_id": version(number)},
        }


def version(number: int) -> str:
    """Return the version of a snapshot."""
    return f"v{number:06}"


def is_risky(number: int) -> bool:
    """Return whether a snapshot breaks the default exit policy's limits."""
    return number % RISKY_EVERY == 0


def covariance(variance: float) -> dict[str, Any]:
    """Return a covariance with one variance and a correlation of a quarter throughout."""
    count = len(ASSETS)
    upper = [
        variance if row == column else variance / 4 for row in range(count) for column in range(row, count)
    ]
    return {"ids": list(ASSETS), "upper": upper}
