"""The operator: replays history at any time, and finally redrives the failure queues."""

from datetime import timedelta
from typing import Any

from functions.hub.ports import DependencyUnavailableError
from tools.simulator.hub import Hub
from tools.simulator.intents import WORLDS
from tools.simulator.model import as_text
from tools.simulator.tasks import Crash, Task
from tools.simulator.workers import RELAY_TIMEOUT

REPLAYS_MAX = 2
# The share of replays that ask for missing evaluations.
EVALUATE_SHARE = 0.5
PERIOD = timedelta(days=1)


class Operators:
    """Operators that replay and repair; the relay's code makes the announcements."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._replays = 0

    def act(self) -> bool:
        """Announce a world's history again, with or without faults."""
        if self._replays >= REPLAYS_MAX or not self.hub.runs_all_engines:
            return False
        now = self.hub.clock.now
        period = {"from": as_text(now - PERIOD), "to": as_text(now + PERIOD)}
        purpose = {"evaluate": True} if self.hub.random.random() < EVALUATE_SHARE else {}
        self._replay({"world_id": self.hub.random.choice(WORLDS), **period, **purpose}, [])
        return True

    def redrive(self) -> bool:
        """Move dead letters back to their queues, and announce isolated records again from the tables."""
        hub = self.hub
        kept, hub.failures.kept[:] = list(hub.failures.kept), []
        for keys in [keys for keys in kept if keys is not None]:
            name, named = ("versions", "version") if "version" in keys else ("evaluations", "evaluation_id")
            self._replay({"world_id": keys["world_id"]["S"], name: [keys[named]["S"]]}, [keys])
        moved = [queue.redrive() for queue in hub.queues]
        return bool(kept) or any(moved)

    def _replay(self, request: dict[str, Any], repaired: list[dict[str, Any]]) -> None:
        self._replays += 1

        def done(task: Task) -> None:
            if isinstance(task.error, Crash | DependencyUnavailableError):
                self.hub.failures.kept += repaired
            elif task.error is not None:
                raise task.error

        self.hub.start(
            f"replay-{self._replays}",
            lambda: self.hub.replay(request),
            done,
            RELAY_TIMEOUT,
            what=str(request),
        )
