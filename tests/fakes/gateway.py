"""API Gateway from a handler's view: requests become REST proxy events, and handlers answer them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from infra.api_methods import ANY_METHOD, gateway_methods
from risk_hub_contracts.api.routes import METHODS_BY_ROUTE
from tests.fakes.answer_validation import validate_proxy_answer

FUNCTIONS = {(method.verb, method.path): method.function for method in gateway_methods()}
LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def slug(self) -> str:
        """The problem's name, `urn:risk-hub:problem:<slug>`."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.json["status"] == self.status
        return str(self.json["type"]).rpartition(":")[2]

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.json.get("errors", [])]


def proxy_event(
    method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes | None
) -> dict[str, Any]:
    parts = urlsplit(url)
    multi: dict[str, list[str]] = {}
    for name, value in headers:
        multi.setdefault(name, []).append(value)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    text, encoded = _body(body)
    return {
        "resource": resource_of(parts.path),
        "path": parts.path,
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in multi.items()},
        "multiValueHeaders": multi,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": None,
        "requestContext": {"requestId": "gateway-request", "stage": "v1"},
        "body": text,
        "isBase64Encoded": encoded,
    }


def resource_of(path: str) -> str:
    """Return the resource that API Gateway matches: a template of the contract, else the path itself."""
    segments = path.rstrip("/").split("/")
    for template in METHODS_BY_ROUTE:
        parts = template.split("/")
        if len(parts) == len(segments) and all(
            part in ("{world_id}", "{version}", "{sha256}", "{policy_id}", "{run_id}") or part == segment
            for part, segment in zip(parts, segments, strict=True)
        ):
            return template
    return path


def _body(body: bytes | None) -> tuple[str | None, bool]:
    if body is None:
        return None, False
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        import base64  # noqa: PLC0415

        return base64.b64encode(body).decode(), True


@dataclass
class Gateway:
    """The handlers behind one address, and the default headers of every request."""

    writer: LambdaHandler
    reader: LambdaHandler
    registry: LambdaHandler
    evaluations: LambdaHandler
    evaluator: LambdaHandler
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        extra: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        given = {**self.headers, **(headers or {})}
        listed = [(name, value) for name, value in given.items() if value is not None]
        raw = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        return self.send(proxy_event(method, url, [*listed, *extra], raw))

    def handler_for(self, event: dict[str, Any]) -> LambdaHandler:
        """Return the handler to which the API would route the event."""
        method, path = event["httpMethod"], resource_of(event["path"])
        function = FUNCTIONS.get((method, path)) or FUNCTIONS.get((ANY_METHOD, path), "snapshot_reader")
        handlers = {
            "snapshot_writer": self.writer,
            "snapshot_reader": self.reader,
            "world_registry": self.registry,
            "evaluation_registry": self.evaluations,
            "evaluator": self.evaluator,
        }
        return handlers[function]

    def send(self, event: dict[str, Any]) -> Answer:
        """Return the answer to an event; one that the API description does not declare fails the test."""
        answer = self.handler_for(event)(event, SimpleNamespace(aws_request_id="lambda-request"))
        validate_proxy_answer(event, answer)
        headers = {name.lower(): values[0] for name, values in answer["multiValueHeaders"].items()}
        return Answer(answer["statusCode"], headers, answer.get("body") or "")
