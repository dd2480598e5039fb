"""Work of evaluation_registry for the authors and the readers of evaluation policies."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from infra.tokens.register import TokenRegister
from risk_hub_contracts.api.openapi.examples import EVALUATION, POLICY
from risk_hub_contracts.base.tokens import Token
from tests.fakes.calls import Answer, call
from tests.local_stage.caller import new_world
from tools.grants.workbench import Workbench

VERSION = "1"
AUTHOR, APPROVER = "author", "approver"


class Callers:
    """Two subjects with a token each, of which the function knows after its next start."""

    def __init__(self, bench: Workbench, tokens: dict[str, str]) -> None:
        self._url, self._tokens = bench.hub.hub.url, tokens
        self.policy_id, self.world = f"policy-{secrets.token_hex(4)}", new_world()

    def put(self, document: dict[str, Any] = POLICY) -> dict[str, Any]:
        path = f"policies/{self.policy_id}/versions/{VERSION}"
        return self._ok("PUT", path, AUTHOR, {**document, "policy_id": self.policy_id, "version": VERSION})

    def activate(self) -> dict[str, Any]:
        body = {"policy_id": self.policy_id, "version": VERSION, "reason": "rehearsal"}
        return self._ok("PUT", f"worlds/{self.world}/policy", APPROVER, body)

    def get(self, path: str) -> dict[str, Any]:
        return self._ok("GET", path, AUTHOR)

    def evaluate(self, status: int = 201, **members: Any) -> dict[str, Any]:
        """Evaluate one strategy, or what `members` say, and require a status."""
        answer = self._call("POST", f"worlds/{self.world}/evaluate", APPROVER, {**EVALUATION, **members})
        assert answer.status == status, answer.body
        document: dict[str, Any] = answer.document()
        return document

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
    with callers(bench) as people:
        assert people.put()["version"] == VERSION


def reads_a_policy(bench: Workbench) -> None:
    """One version of an evaluation policy is read."""
    with callers(bench) as people:
        people.put()
        assert people.get(f"policies/{people.policy_id}/versions/{VERSION}")["policy"]


def lists_policies(bench: Workbench) -> None:
    """The versions of an evaluation policy are listed."""
    with callers(bench) as people:
        people.put()
        assert people.get(f"policies?policy_id={people.policy_id}")["policies"]


def activates_a_policy(bench: Workbench) -> None:
    """A policy is activated by another subject, and the active one is read."""
    with callers(bench) as people:
        people.put()
        assert people.activate() == people.get(f"worlds/{people.world}/policy")


def reads_tokens(bench: Workbench) -> None:
    """A new process reads the tokens before it accepts a request."""
    with callers(bench) as people:
        assert people.get("policies?limit=1")


@contextmanager
def callers(bench: Workbench) -> Iterator[Callers]:
    """Accept two new tokens for the duration of a scenario, and start the function again, so that it reads them."""
    tokens = {subject: f"rsh_{secrets.token_urlsafe(32)}" for subject in (AUTHOR, APPROVER)}
    entries = [_entry(subject, token) for subject, token in tokens.items()]
    register = TokenRegister(bench.secrets, bench.outputs["TokensSecretArn"])

    def add(listed: Sequence[Token]) -> Sequence[Token]:
        return [*listed, *entries]

    def remove(listed: Sequence[Token]) -> Sequence[Token]:
        return [each for each in listed if each not in entries]

    register.change(add)
    for folder in ("evaluation_registry", "evaluator"):
        bench.restart(folder)
    try:
        yield Callers(bench, tokens)
    finally:
        register.change(remove)


def _entry(subject: str, token: str) -> Token:
    return Token(
        id=f"{subject}-{secrets.token_hex(4)}",
        sha256=hashlib.sha256(token.encode()).hexdigest(),
        scopes=["evaluations:read", "evaluations:write", "policies:write"],
        actors=[subject],
        subject=subject,
    )
