"""Operations of the OpenAPI description, built from the route table and their models."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from string import Formatter
from typing import Any, Final

from pydantic import BaseModel

from risk_hub_contracts.api.openapi.builders import (
    Json,
    answer,
    header_parameter,
    header_refs,
    model_ref,
    path_parameter,
    problems,
    query_parameters,
)
from risk_hub_contracts.api.routes import ANY_SCOPE, ROUTES, Route
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.base.ids import ACTOR_PATTERN, SHA256_PATTERN
from risk_hub_contracts.base.problems import ProblemType

_ANYWHERE: Final = (p.NETWORK_DENIED, p.THROTTLED, p.INTERNAL, p.UNAVAILABLE, p.GATEWAY_TIMEOUT)
_WORLD: Final = (p.NOT_FOUND, p.CONTRACT_VIOLATION)
_PRODUCER: Final = (p.FORBIDDEN_ACTOR, p.ACTOR_REQUIRED)
_BODY: Final = (
    *(p.BODY_TOO_LARGE, p.UNSUPPORTED_MEDIA_TYPE, p.MALFORMED_JSON, p.NOT_UTF8, p.DUPLICATE_KEY),
    *(p.NON_FINITE_NUMBER, p.TOO_DEEP),
)
_PATH_VALUES: Final = {
    "world_id": path_parameter("world_id", "The world."),
    "version": path_parameter("version", "The version."),
    "policy_id": path_parameter("policy_id", "The evaluation policy."),
    "run_id": path_parameter("run_id", "The evaluation run."),
    "sha256": path_parameter("sha256", "The blob's SHA-256.", SHA256_PATTERN),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One successful answer.

    Attributes:
        status: the HTTP status.
        model: the model of the body; None for an answer without a body.
        description: when the hub gives this answer.
        headers: headers in addition to those of every answer with a body.
    """

    status: int
    model: type[Any] | None
    description: str
    headers: Sequence[str] = ()

    def document(self) -> Json:
        """Return the Response Object."""
        if self.model is None:
            return {"description": self.description, "headers": header_refs(self.headers)}
        return answer(self.model.__name__, self.description, *self.headers)


@dataclass(frozen=True, slots=True)
class Operation:
    """Data of an operation that its row of the route table does not contain.

    Attributes:
        operation_id: the operation's id in the route table.
        summary: one line.
        answers: the successful answers.
        problems: the problems of this operation; those that follow from its row and models are added.
        description: further text.
        query: the model of the query parameters.
        body: the model of the request body.
        headers: the request headers.
        answers_first: write the answers before the description and parameters, as first published.
    """

    operation_id: str
    summary: str
    answers: Sequence[Answer]
    problems: Sequence[ProblemType] = ()
    description: str = ""
    query: type[BaseModel] | None = None
    body: type[Any] | None = None
    headers: Sequence[Json] = ()
    answers_first: bool = False

    @property
    def route(self) -> Route:
        """The operation's row in the route table."""
        return ROUTES[self.operation_id]

    def document(self, *, shared_query: bool) -> Json:
        """Return the Operation Object.

        Args:
            shared_query: the path declares the query parameters for all its operations.
        """
        head = {"operationId": self.operation_id, "summary": self.summary}
        responses = {"responses": self._responses()}
        own = self._request([*map(dict, self.headers), *([] if shared_query else self._query())])
        return head | responses | own if self.answers_first else head | own | responses

    def all_problems(self) -> tuple[ProblemType, ...]:
        """Return every problem that the operation may answer."""
        scope = self.route.scope
        return (
            *_ANYWHERE,
            *((p.UNAUTHENTICATED,) if scope is not None else ()),
            *((p.FORBIDDEN_SCOPE,) if scope not in (None, ANY_SCOPE) else ()),
            *(_PRODUCER if scope == "snapshots:write" else ()),
            *(_WORLD if "{world_id}" in self.route.path else ()),
            *(_WORLD if "{policy_id}" in self.route.path else ()),
            *((p.INVALID_QUERY,) if scope is not None else ()),
            *(_BODY if self.body is not None else ()),
            *self.problems,
        )

    def _request(self, parameters: list[Json]) -> Json:
        return {
            **({"description": self.description} if self.description else {}),
            **({"security": []} if self.route.scope is None else {}),
            **({"parameters": parameters} if parameters else {}),
            **({"requestBody": _json_body(self.body)} if self.body is not None else {}),
        }

    def _responses(self) -> Json:
        return {str(each.status): each.document() for each in self.answers} | problems(self.all_problems())

    def _query(self) -> list[Json]:
        return query_parameters(self.query) if self.query is not None else []


def paths(operations: Iterable[Operation]) -> Json:
    """Return the Paths Object; operations of one path are next to each other."""
    groups = groupby(operations, key=lambda operation: operation.route.path)
    return {path: dict(_path_item(path, tuple(group))) for path, group in groups}


def actor_header(description: str) -> Json:
    """Return the header that names the producer."""
    return header_parameter("X-Actor", ACTOR_PATTERN, description, required=True)


def _json_body(model: type[Any]) -> Json:
    return {"required": True, "content": {"application/json": {"schema": model_ref(model.__name__)}}}


def _path_item(path: str, operations: Sequence[Operation]) -> Iterator[tuple[str, Any]]:
    """Yield the members of a Path Item Object; a query that several operations share belongs to the path."""
    values = [name for _, name, _, _ in Formatter().parse(path) if name]
    query = operations[0].query
    shared = query is not None and len(operations) > 1 and all(each.query is query for each in operations)
    parameters = [dict(_PATH_VALUES[name]) for name in values]
    parameters += query_parameters(query) if query is not None and shared else []
    if parameters:
        yield "parameters", parameters
    for operation in operations:
        yield operation.route.method.lower(), operation.document(shared_query=shared)
