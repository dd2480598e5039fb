"""Warm and cold instances of the functions with a simulated clock: an hour of calls in a second."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from functions.hub.adapters.secret_tokens import SecretTokens
from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book

CALLS = (("POST", SNAPSHOTS), ("GET", f"{SNAPSHOTS}/latest"), ("GET", "/risk-hub/worlds"))


@dataclass
class Instances:
    """Environments that Lambda keeps warm, each with the token list that it read; occasionally one starts
    cold.

    Attributes:
        answers: how often each status was returned.
    """

    hub: Hub
    secretsmanager: Any
    rng: Random
    count: int = 8
    answers: Counter[int] = field(default_factory=Counter)
    token: str = ""
    warm: list[Gateway] = field(default_factory=list)

    def use(self, token: str) -> None:
        """See procedure.Clients; the first calls warm the instances one by one, so that no two caches have the same
        age.
        """
        self.token = token
        while len(self.warm) < self.count:
            self.warm.append(self._start_instance())
            self._call(self.warm[-1])
            self.hub.clock.advance(seconds=self.rng.uniform(1, 15))

    def pause(self, seconds: float) -> None:
        """Let time pass: each second every instance is called, and one in thirty is replaced by a cold one."""
        for _ in range(round(seconds)):
            self.hub.clock.advance(seconds=1)
            for number, instance in enumerate(self.warm):
                if self.rng.random() < 1 / 30:
                    self.warm[number] = self._start_instance()
                self._call(instance)

    def is_rejected(self, token: str) -> bool:
        """See procedure.Clients."""
        return all(self._status(instance, call, token) == 401 for instance in self.warm for call in CALLS[1:])

    def _start_instance(self) -> Gateway:
        self.hub.listed_tokens = SecretTokens(self.secretsmanager, "tokens", self.hub.clock)
        return self.hub.gateway()

    def _call(self, instance: Gateway) -> None:
        self.answers[self._status(instance, self.rng.choice(CALLS), self.token)] += 1

    def _status(self, instance: Gateway, call: tuple[str, str], token: str) -> int:
        body = book() if call[0] == "POST" else None
        return instance(*call, body, headers={"Authorization": f"Bearer {token}"}).status
