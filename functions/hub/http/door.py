"""The door itself: routes behind a Lambda handler that answers every error with a problem and logs one line a request."""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from functions.hub import log
from functions.hub.http.request import Request
from functions.hub.http.responses import as_problem, problem_response
from functions.hub.metrics import count_blob_fault, write
from risk_hub_contracts.metrics import HTTP_REFUSED, REASON, STATUS
from risk_hub_contracts.problems import NOT_FOUND, ProblemError, ProblemType

Event = dict[str, Any]
RequestHandler = Callable[[Request, Mapping[str, str]], Response[Any]]
SERVER_ERROR_STATUS = 500


class Door:
    """Routes of one function; each handler is given the request and the path values, undecoded."""

    def __init__(self) -> None:
        """Make a door without routes."""
        self._request = Request({}, "")
        self._app = APIGatewayRestResolver()
        self._app.not_found(self._no_route)
        self._app.exception_handler(Exception)(self._problem)

    def add(self, method: str, path: str, handle: RequestHandler) -> None:
        """Route a method and a path, with `<name>` for path values, to a handler."""

        def route(**path_values: str) -> Response[Any]:
            return handle(self._request, path_values)

        self._app.route(path, method=method)(route)

    def __call__(self, event: Event, context: Any) -> Event:  # noqa: ANN401
        """Answer one proxy event: the Lambda handler."""
        self._request = request = Request(event, str(getattr(context, "aws_request_id", "")))
        answer: Event = self._app.resolve(event, context)
        correlation_id = request.correlation_id
        answer.setdefault("multiValueHeaders", {})["X-Correlation-Id"] = [correlation_id]
        log.info(
            "request",
            method=request.method,
            resource=event.get("resource"),
            status=answer["statusCode"],
            correlation_id=correlation_id,
            **request.known,
        )
        return answer

    def _no_route(self, _error: NotFoundError) -> Response[Any]:
        return self._problem(ProblemError(NOT_FOUND, "this hub has no such route"))

    def _problem(self, error: Exception) -> Response[Any]:
        problem = as_problem(error)
        _count(problem.type)
        count_blob_fault(error)
        if problem.type.status >= SERVER_ERROR_STATUS:
            log.failure("failure", error)
        else:
            log.info("refused", problem=problem.type.slug, detail=problem.detail)
        return problem_response(problem, self._request.path)


def _count(problem: ProblemType) -> None:
    """The registry of problems is a closed list; every failure of the hub itself counts under one status."""
    status = "5xx" if problem.status >= SERVER_ERROR_STATUS else str(problem.status)
    write([(HTTP_REFUSED, 1)], {REASON: problem.slug}, {STATUS: status})
