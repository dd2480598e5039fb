"""Traffic of one release: `python traffic.py` with that release's contracts on PYTHONPATH and no other
   project code.

Producers publish, and repeat a tenth; readers ask for the newest, for a version, for an instant, for a page
and for risk numbers, and compare each answer with what was published before the request. Requests are never
retried: a failure counts. It prints a line for each request until its input ends, and then the results as one
JSON document in the last line. The input lines `pause` and `resume` stop and start the producers.
"""

import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from risk_hub_contracts.client import HubError, NotFoundError, Patience, RiskHubClient

PRODUCERS = 2
READERS = 2
PAUSE_SECONDS = 0.05
RISKY_EVERY = 10
REPEATED_EVERY = 10
PAGE_ITEMS = 20
# All functions restart at each change, on one machine: the duration does not represent AWS, so timeouts are
# long.
ONCE = Patience(attempts=1, budget_seconds=90.0, timeout_seconds=90.0)
ASSETS = ("AAPL", "JPM", "KO", "MSFT", "XOM")
VARIANCE, SHARED_VARIANCE = 4e-4, 1e-4
COVARIANCE = {
    "ids": list(ASSETS),
    "upper": [VARIANCE if a == b else SHARED_VARIANCE for a in ASSETS for b in ASSETS if a <= b],
}

Known = list[tuple[str, str]]


class Published:
    """The publications of one producer: versions with their hash, oldest first."""

    def __init__(self, world_id: str) -> None:
        self.world_id = world_id
        self.versions: list[tuple[str, str]] = []


class Traffic:
    """Worlds, answers and failures of the run, shared by all of its threads."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.worlds = [Published(f"upgrade-{number}") for number in range(PRODUCERS)]
        self.publishing = {world.world_id: threading.Lock() for world in self.worlds}
        self.answered: list[tuple[str, float, float]] = []
        self.failed: list[tuple[str, float, str]] = []

    def run(self) -> None:
        """Run all threads until the input ends; the lines `pause` and `resume` stop and start the producers."""
        threads = [
            *(threading.Thread(target=self._produce, args=(world,)) for world in self.worlds),
            *(threading.Thread(target=self._read, args=(number,)) for number in range(READERS)),
        ]
        for thread in threads:
            thread.start()
        for line in sys.stdin:
            self._pause_or_resume(line.strip())
        self.stop.set()
        for thread in threads:
            thread.join()

    def _pause_or_resume(self, command: str) -> None:
        """Stop the producers, after their current request, or start them; then print the command."""
        for lock in self.publishing.values():
            if command == "pause":
                lock.acquire()
            else:
                lock.release()
        sys.stdout.write(f"{command}\n")
        sys.stdout.flush()

    def report(self) -> dict[str, Any]:
        """Return the results, JSON-ready: each answer and each failure with its time, in seconds since 1970."""
        return {
            "answered": self.answered,
            "failed": self.failed,
            "published": {
                world.world_id: [version for version, _ in world.versions] for world in self.worlds
            },
            "risky": [
                f"{world.world_id}/{version}"
                for world in self.worlds
                for number, (version, _) in enumerate(world.versions)
                if number % RISKY_EVERY == 0
            ],
        }

    def _produce(self, world: Published) -> None:
        with _client() as hub:
            while not self.stop.wait(PAUSE_SECONDS):
                with self.publishing[world.world_id]:
                    self._publish_next(hub, world)

    def _publish_next(self, hub: RiskHubClient, world: Published) -> None:
        """Publish one snapshot; if it fails, the next call tries the same version again, as a producer would."""
        number = len(world.versions)
        fields = snapshot(number, risky=number % RISKY_EVERY == 0)
        done = self._send("publish", lambda: hub.publish(world.world_id, fields), "created")
        if done is None:
            return
        world.versions.append((fields["version"], done.content_hash))
        if number % REPEATED_EVERY == 1:
            self._send("publish again", lambda: hub.publish(world.world_id, fields), "replayed")

    def _read(self, seed: int) -> None:
        rng = random.Random(seed)
        requested = (self._latest, self._version, self._instant, self._page, self._risk)
        with _client() as hub:
            while not self.stop.wait(PAUSE_SECONDS):
                world = rng.choice(self.worlds)
                known = list(world.versions)
                if known:
                    rng.choice(requested)(hub, world, known, rng)

    def _latest(self, hub: RiskHubClient, world: Published, known: Known, _: random.Random) -> None:
        found = self._send("latest", lambda: hub.latest(world.world_id))
        self._expect("latest", found is None or found.version >= known[-1][0], f"older than {known[-1][0]}")

    def _version(self, hub: RiskHubClient, world: Published, known: Known, rng: random.Random) -> None:
        version, content_hash = rng.choice(known)
        found = self._send("version", lambda: hub.lookup(world.world_id, version=version))
        self._expect(
            "version", found is None or found.content_hash == content_hash, f"{version} is other content"
        )

    def _instant(self, hub: RiskHubClient, world: Published, known: Known, _: random.Random) -> None:
        found = self._send("instant", lambda: hub.lookup(world.world_id, as_of=datetime.now(UTC)))
        self._expect("instant", found is None or found.version >= known[-1][0], f"older than {known[-1][0]}")

    def _page(self, hub: RiskHubClient, world: Published, known: Known, _: random.Random) -> None:
        found = self._send(
            "page", lambda: [each.version for each in islice(hub.list(world.world_id), PAGE_ITEMS)]
        )
        if found is None:
            return
        # Snapshots published during the request may push older ones off a full page.
        oldest = found[-1] if len(found) == PAGE_ITEMS else ""
        wanted = {version for version, _ in known[-PAGE_ITEMS // 2 :] if version >= oldest}
        self._expect("page", wanted <= set(found), f"{wanted} are not all in {found}")

    def _risk(self, hub: RiskHubClient, world: Published, known: Known, rng: random.Random) -> None:
        """Request risk numbers; the engine lags behind the producer, and missing numbers are counted at the
        end.
        """
        version, _ = rng.choice(known)
        found = self._send("risk", lambda: _risk_or_none(hub, world.world_id, version))
        self._expect("risk", found is None or found["version"] == version, f"not of {version}")

    def _send(self, name: str, ask: Callable[[], Any], outcome: str | None = None) -> Any:
        at, started = time.time(), time.monotonic()
        try:
            found = ask()
        except HubError as error:
            self.failed.append((name, at, f"{type(error).__name__}: {error}"))
            return None
        finally:
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()
        self.answered.append((name, at, time.monotonic() - started))
        self._expect(name, outcome is None or found.outcome in {outcome, "replayed"}, f"no {outcome} one")
        return found

    def _expect(self, name: str, kept: bool, otherwise: str) -> None:  # noqa: FBT001 - what is expected to hold
        if not kept:
            self.failed.append((name, time.time(), otherwise))


def _risk_or_none(hub: RiskHubClient, world_id: str, version: str) -> dict[str, Any] | None:
    try:
        return hub.risk(world_id, version)
    except NotFoundError:
        return None


def snapshot(number: int, *, risky: bool) -> dict[str, Any]:
    """Return a book with a unique strategy, so that no cool-down of another one suppresses its exit signals."""
    return {
        "version": f"v{number:06}",
        "as_of": datetime.now(UTC),
        "ttl_sec": 86_400,
        "weights": dict.fromkeys(ASSETS, 1 / len(ASSETS)),
        "covariance": COVARIANCE,
        "stress": {"crash": {"shocks": {}, "default": -0.5 if risky else -0.1}},
        "provenance": {"strategy_id": f"v{number:06}"},
    }


def _client() -> RiskHubClient:
    """Return a client that tries each request once, with URL and token from the environment."""
    return RiskHubClient(os.environ["RISK_HUB_URL"], actor="gateway", stage="paper", patience=ONCE)


def main() -> None:
    """Run the traffic and print the report."""
    traffic = Traffic()
    traffic.run()
    sys.stdout.write(json.dumps(traffic.report()) + "\n")


if __name__ == "__main__":
    main()
