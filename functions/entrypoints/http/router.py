"""The router behind a Lambda handler: it answers every error with a problem and logs one line per request."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from functions.entrypoints.blob_errors import count_blob_error
from functions.entrypoints.http.event import Event, http_api_answer, is_http_api, rest_event, route_path
from functions.entrypoints.http.request import Request
from functions.entrypoints.http.responses import Response, as_problem, no_content, problem_response
from functions.telemetry import log
from functions.telemetry.metrics import write
from risk_hub_contracts.api.routes import ROUTES, Route, allowed_methods
from risk_hub_contracts.base.metrics import HTTP_REFUSED, REASON, STATUS
from risk_hub_contracts.base.problems import METHOD_NOT_ALLOWED, NOT_FOUND, ProblemError, ProblemType

RequestHandler = Callable[[Request, Mapping[str, str]], Response]
SERVER_ERROR_STATUS = 500
# Characters of one path value: those that a URL may have (RFC 3986), percent signs, and those that an HTTP API decodes.
PATH_VALUE: Final = r"[-._~()'!*:@,;=+&$%<> \[\]{}|^\w]+"


class HandledRoute(NamedTuple):
    """A row of the route table, the pattern of its paths, and its handler."""

    row: Route
    paths: re.Pattern[str]
    handle: RequestHandler


class Router:
    """Routes of one function. Each handler gets the request and the path values, still percent-encoded."""

    def __init__(self, stages: frozenset[str] = frozenset()) -> None:
        """Create a router without routes; `stages` are the deployment's stages."""
        self._stages = stages
        self.routes: list[HandledRoute] = []

    def add(self, operation_id: str, handle: RequestHandler) -> None:
        """Route an operation of the route table to a handler; GET also handles HEAD."""
        row = ROUTES[operation_id]
        self.routes.append(HandledRoute(row, _path_pattern(row.path), handle))

    def __call__(self, event: Event, context: Any) -> Event:  # noqa: ANN401
        """Answer one proxy event: the Lambda handler."""
        rest = rest_event(event)
        request = Request(rest, str(getattr(context, "aws_request_id", "")), self._stages)
        response, correlation_id = self._respond(request), request.correlation_id
        answer = _rest_answer(request, response, correlation_id)
        log.info(
            "request",
            method=request.method,
            resource=rest.get("resource"),
            status=response.status,
            correlation_id=correlation_id,
            **request.log_fields,
        )
        return http_api_answer(answer) if is_http_api(event) else answer

    def _respond(self, request: Request) -> Response:
        """Answer by the first route that has the method, in the same case, and the path."""
        method, path = "GET" if request.method == "HEAD" else request.method, route_path(request.event)
        try:
            for route in self.routes:
                if route.row.method == method and (match := route.paths.fullmatch(path)):
                    return route.handle(request, match.groupdict())
            return _no_route(request, allowed_methods(path))
        except Exception as error:  # noqa: BLE001 - every error is logged and answered
            return _problem(request, error)


def _path_pattern(template: str) -> re.Pattern[str]:
    """Return the pattern of the paths of a route; slashes at their end are ignored."""
    pattern = template.replace("{", "(?P<").replace("}", f">{PATH_VALUE})")
    return re.compile(f"{pattern}/*")


def _no_route(request: Request, allowed: Sequence[str]) -> Response:
    """Answer a path and method without a handler: 204 to OPTIONS, 405 on a known path, else 404.

    Args:
        request: the request.
        allowed: the methods of its path; empty for an unknown path.
    """
    if not allowed or (request.method in allowed and request.method != "OPTIONS"):
        return _problem(request, ProblemError(NOT_FOUND, "this hub has no such route"))
    allow = {"Allow": ", ".join(allowed)}
    if request.method == "OPTIONS":
        return no_content(allow)
    detail = f"{request.method[:32]} is not supported; send one of {allow['Allow']}"
    response = _problem(request, ProblemError(METHOD_NOT_ALLOWED, detail))
    return replace(response, headers={**response.headers, **allow})


def _problem(request: Request, error: Exception) -> Response:
    problem = as_problem(error)
    _count_problem(problem.type)
    count_blob_error(error)
    if problem.type.status >= SERVER_ERROR_STATUS:
        log.failure("failure", error)
    else:
        log.info("refused", problem=problem.type.slug, detail=problem.detail)
    return problem_response(problem, request.path)


def _count_problem(problem: ProblemType) -> None:
    """Count a problem by slug and by status; all statuses from 500 count as `5xx`."""
    status = "5xx" if problem.status >= SERVER_ERROR_STATUS else str(problem.status)
    write([(HTTP_REFUSED, 1)], {REASON: problem.slug}, {STATUS: status})


def _rest_answer(request: Request, response: Response, correlation_id: str) -> Event:
    """Return the response in the form that a REST API reads."""
    headers = {**response.headers, "X-Correlation-Id": correlation_id}
    return {
        "statusCode": response.status,
        "body": "" if request.method == "HEAD" else response.body,
        "isBase64Encoded": False,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }
