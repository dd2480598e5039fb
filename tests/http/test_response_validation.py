"""The validation of answers in every test's client: what it refuses, and that every test uses it."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from tests.fakes.answer_validation import UndeclaredAnswerError, validate_proxy_answer
from tests.fakes.gateway import Gateway, proxy_event
from tests.fakes.hub import SNAPSHOTS, book, post

ROOT = Path(__file__).parents[2]
# Each calls a handler, or the hub of a stage, without validation; the reason is next to it.
NOT_VALIDATED = {
    "tools/bench": "measures the handlers alone; its answers are validated by tests/cost and tests/http",
    "tests/alarms/test_emitted_metrics.py": "a router with one failing route of its own",
    "tools/event_samples/emitted.py": "writes the event of a request as a file; calls no handler",
    "tests/fakes": "the helpers that validate",
    "tools/faults": "its stage's parts fail on purpose, the emulator's own answers among them",
    "tools/fuzz/wsgi.py": "its answers are validated by the check `declared_answer` of tests/fuzz",
    "tests/http/test_response_validation.py": "spoils answers",
    "tests/http/test_routing.py": "routers with routes of their own",
    "tools/rotation": "counts the answers of other processes under load",
    "tools/upgrades/fixed_world.py": "reads from a stage that runs the released code",
    "tools/upgrades/rollback.py": "writes requests for the code of a release, which has its own description",
}
Event = dict[str, Any]
Spoil = Callable[[Event], Event]


def with_body(**members: Any) -> Spoil:
    return lambda answer: {**answer, "body": orjson.dumps(orjson.loads(answer["body"]) | members).decode()}


def with_header(name: str, value: str | None) -> Spoil:
    def spoil(answer: Event) -> Event:
        headers = {key: values for key, values in answer["multiValueHeaders"].items() if key != name}
        return {**answer, "multiValueHeaders": headers | ({name: [value]} if value else {})}

    return spoil


SPOILED_SNAPSHOT: list[tuple[str, Spoil]] = [
    ("status 202 is not declared", lambda answer: {**answer, "statusCode": 202}),
    ("media type", with_header("Content-Type", "text/html")),
    ("X-Correlation-Id is missing", with_header("X-Correlation-Id", None)),
    ("x-extra is not declared", with_header("X-Extra", "1")),
    ("etag is declared as required", with_header("ETag", None)),
    ("not JSON", lambda answer: {**answer, "body": "{"}),
    ("surprise", with_body(surprise=1)),
    ("/as_of: ", with_body(as_of="yesterday")),
    ("/ttl_sec: ", with_body(ttl_sec="900")),
    ("/weights/AAPL: ", with_body(weights={"AAPL": None})),
]
SPOILED_PROBLEM: list[tuple[str, Spoil]] = [
    ("problem risk-not-found is not declared", with_body(type="urn:risk-hub:problem:risk-not-found")),
    ("problem's status is 404", with_body(status=404)),
    ("www-authenticate is declared as required", with_header("WWW-Authenticate", None)),
    ("remedy", with_body(remedy=None)),
]


def exchange(api: Gateway, method: str, path: str, headers: dict[str, str]) -> tuple[Event, Event]:
    event = proxy_event(method, path, headers.items(), None)
    return event, api.handler_for(event)(event, SimpleNamespace(aws_request_id="r"))


@pytest.mark.parametrize(("fault", "spoil"), SPOILED_SNAPSHOT, ids=[fault for fault, _ in SPOILED_SNAPSHOT])
def test_response_that_differs_from_the_openapi_fails_validation(
    api: Gateway, fault: str, spoil: Spoil
) -> None:
    assert post(api, book()).status == 201
    event, answer = exchange(api, "GET", f"{SNAPSHOTS}/latest", api.headers)
    validate_proxy_answer(event, answer)
    with pytest.raises(UndeclaredAnswerError, match=re.escape(fault)):
        validate_proxy_answer(event, spoil(answer))


@pytest.mark.parametrize(("fault", "spoil"), SPOILED_PROBLEM, ids=[fault for fault, _ in SPOILED_PROBLEM])
def test_problem_that_differs_from_the_openapi_fails_validation(
    api: Gateway, fault: str, spoil: Spoil
) -> None:
    event, answer = exchange(api, "GET", f"{SNAPSHOTS}/latest", {})
    validate_proxy_answer(event, answer)
    with pytest.raises(UndeclaredAnswerError, match=re.escape(fault)):
        validate_proxy_answer(event, spoil(answer))


def test_body_with_304_fails_validation(api: Gateway) -> None:
    etag = post(api, book()).headers["etag"]
    event, answer = exchange(api, "GET", f"{SNAPSHOTS}/latest", {**api.headers, "If-None-Match": etag})
    validate_proxy_answer(event, answer)
    with pytest.raises(UndeclaredAnswerError, match="a body is sent"):
        validate_proxy_answer(event, {**answer, "body": "{}"})


def test_undeclared_route_must_return_a_declared_problem(api: Gateway) -> None:
    event, answer = exchange(api, "GET", "/risk-hub/nothing", api.headers)
    validate_proxy_answer(event, answer)
    with pytest.raises(UndeclaredAnswerError, match="no operation takes this request"):
        validate_proxy_answer(event, {**answer, "statusCode": 200})


def test_every_test_calls_handlers_through_response_validation() -> None:
    unlisted = [name for name in sorted(_calling_without()) if not _is_listed(name)]
    assert unlisted == [], "call through tests.fakes.gateway or tests.fakes.calls"


def _is_listed(name: str) -> bool:
    return any(name == listed or name.startswith(f"{listed}/") for listed in NOT_VALIDATED)


def _calling_without() -> Iterator[str]:
    """Yield the files that build a proxy event or import the plain HTTP call, and do not validate."""
    for path in (*(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        made = {"tests.fakes.gateway.proxy_event", "infra.local.http_call.call"} & imported
        if made and not _validates(tree, imported):
            yield path.relative_to(ROOT).as_posix()


def _validates(tree: ast.Module, imported: set[str]) -> bool:
    """Return whether a file passes its events to a validating helper, or validates them itself."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    sends = any(ast.unparse(call.func) in {"api.send", "self.gateway.send"} for call in calls)
    return "tests.fakes.answer_validation.validate_proxy_answer" in imported or sends
