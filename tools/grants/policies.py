"""Work of evaluation_registry for the authors and the readers of evaluation policies."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from infra.tokens.register import TokenRegister
from risk_hub_contracts.api.openapi.examples import POLICY
from risk_hub_contracts.base.tokens import Token
from tests.fakes.calls import Answer, call
from tests.local_stage.caller import new_world
from tools.grants.workbench import Workbench

VERSION = "1"
AUTHOR, APPROVER = "author", "approver"


class _Callers:
    """Two subjects with a token each, of which the function knows after its next start."""

    def __init__(self, bench: Workbench, tokens: dict[str, str]) -> None:
        self._url, self._tokens = bench.hub.hub.url, tokens
        self.policy_id, self.world = f"policy-{secrets.token_hex(4)}", new_world()

    def put(self) -> dict[str, Any]:
        path = f"policies/{self.policy_id}/versions/{VERSION}"
        return self._ok("PUT", path, AUTHOR, {**POLICY, "policy_id": self.policy_id, "version": VERSION})

    def activate(self) -> dict[str, Any]:
        body = {"policy_id": self.policy_id, "version": VERSION, "reason": "rehearsal"}
        return self._ok("PUT", f"worlds/{self.world}/policy", APPROVER, body)

    def get(self, path: str) -> dict[str, Any]:
        return self._ok("GET", path, AUTHOR)

    def _ok(self, method: str, path: str, subject: str, body: Any = None) -> dict[str, Any]:
        answer = self._call(method, path, subject, body)
        assert answer.status in {200, 201}, answer.body
        document: dict[str, Any] = answer.document()
        return document

    def _call(self, method: str, path: str, subject: str, body: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self._tokens[subject]}", "Content-Type": "application/json"}
        raw = None if body is None else json.dumps(body).encode()
        return call(method, f"{self._url}/risk-hub/{path}", headers, raw)


def stores_a_policy(bench: Workbench) -> None:
    """A version of an evaluation policy is stored."""
    with _callers(bench) as callers:
        assert callers.put()["version"] == VERSION


def reads_a_policy(bench: Workbench) -> None:
    """One version of an evaluation policy is read."""
    with _callers(bench) as callers:
        callers.put()
        assert callers.get(f"policies/{callers.policy_id}/versions/{VERSION}")["policy"]


def lists_policies(bench: Workbench) -> None:
    """The versions of an evaluation policy are listed."""
    with _callers(bench) as callers:
        callers.put()
        assert callers.get(f"policies?policy_id={callers.policy_id}")["policies"]


def activates_a_policy(bench: Workbench) -> None:
    """A policy is activated by another subject, and the active one is read."""
    with _callers(bench) as callers:
        callers.put()
        assert callers.activate() == callers.get(f"worlds/{callers.world}/policy")


def reads_tokens(bench: Workbench) -> None:
    """A new process reads the tokens before it accepts a request."""
    with _callers(bench) as callers:
        assert callers.get("policies?limit=1")


@contextmanager
def _callers(bench: Workbench) -> Iterator[_Callers]:
    """Accept two new tokens for the duration of a scenario, and start the function again, so that it reads them."""
    tokens = {subject: f"rsh_{secrets.token_urlsafe(32)}" for subject in (AUTHOR, APPROVER)}
    entries = [_entry(subject, token) for subject, token in tokens.items()]
    register = TokenRegister(bench.secrets, bench.outputs["TokensSecretArn"])

    def add(listed: Sequence[Token]) -> Sequence[Token]:
        return [*listed, *entries]

    def remove(listed: Sequence[Token]) -> Sequence[Token]:
        return [each for each in listed if each not in entries]

    register.change(add)
    bench.restart("evaluation_registry")
    try:
        yield _Callers(bench, tokens)
    finally:
        register.change(remove)


def _entry(subject: str, token: str) -> Token:
    return Token(
        id=f"{subject}-{secrets.token_hex(4)}",
        sha256=hashlib.sha256(token.encode()).hexdigest(),
        scopes=["evaluations:read", "policies:write"],
        actors=[subject],
        subject=subject,
    )
