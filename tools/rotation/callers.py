"""Programs that call a stage's front server continuously: two publish, one reads snapshots, one the registry."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from infra.local.http_call import Answer, call
from tools.rotation.procedure import ACTOR

PAUSE_SECONDS = 0.02
CONNECTION_BROKEN = 0
UNAUTHENTICATED = 401
SNAPSHOTS = "/risk-hub/worlds/rotation/snapshots"


@dataclass
class Callers:
    """See procedure.Clients.

    Attributes:
        url: the front server.
        answers: how often each function answered with each status; 0 is a broken connection.
    """

    url: str
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    _token: str = ""
    _stopped: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def use(self, token: str) -> None:
        """See procedure.Clients: a request in progress ends with the token that it began with."""
        self._token = token

    def is_rejected(self, token: str) -> bool:
        """See procedure.Clients."""
        return all(ask(token).status == UNAUTHENTICATED for ask in self._functions().values())

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Let every program call while the block runs, once there is a token."""
        functions = [*self._functions().items(), ("snapshot_writer", self._publish)]
        threads = [threading.Thread(target=self._call, args=each) for each in functions]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()

    def _functions(self) -> dict[str, Callable[[str], Answer]]:
        return {
            "snapshot_writer": self._publish,
            "snapshot_reader": lambda token: self._get(SNAPSHOTS, token),
            "world_registry": lambda token: self._get("/risk-hub/worlds", token),
        }

    def _call(self, function: str, ask: Callable[[str], Answer]) -> None:
        while not self._stopped.wait(PAUSE_SECONDS):
            if self._token:
                self._note(function, self._status(ask))

    def _status(self, ask: Callable[[str], Answer]) -> int:
        try:
            return ask(self._token).status
        except OSError:
            return CONNECTION_BROKEN

    def _note(self, function: str, status: int) -> None:
        with self._lock:
            self.answers[function, status] += 1

    def _publish(self, token: str) -> Answer:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        body = {"version": f"v{next(self._numbers)}", "as_of": now, "weights": {"AAPL": 1}}
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "X-Actor": ACTOR,
            "X-Stage": "paper",
        }
        return call("POST", self.url + SNAPSHOTS, headers, json.dumps(body).encode())

    def _get(self, path: str, token: str) -> Answer:
        return call("GET", self.url + path, {"Authorization": f"Bearer {token}"})


def pause(seconds: float) -> None:
    """Let time pass on a stage whose functions go by the machine's clock."""
    time.sleep(seconds)
