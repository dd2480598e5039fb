"""The door itself: routes behind a Lambda handler that answers every error with a problem and logs one line a request."""

from typing import Any

from functions.hub import log
from functions.hub.http.request import Request
from functions.hub.http.responses import Response, as_problem, problem_response
from functions.hub.http.routing import RequestHandler, Routes
from functions.hub.metrics import count_blob_fault, write
from risk_hub_contracts.metrics import HTTP_REFUSED, REASON, STATUS
from risk_hub_contracts.problems import ProblemType

Event = dict[str, Any]
SERVER_ERROR_STATUS = 500


class Door:
    """Routes of one function; each handler is given the request and the path values, undecoded."""

    def __init__(self) -> None:
        """Make a door without routes."""
        self.routes = Routes()

    def add(self, method: str, path: str, handle: RequestHandler) -> None:
        """Route a method and a path, with `<name>` for path values, to a handler."""
        self.routes.add(method, path, handle)

    def __call__(self, event: Event, context: Any) -> Event:  # noqa: ANN401
        """Answer one proxy event: the Lambda handler."""
        request = Request(event, str(getattr(context, "aws_request_id", "")))
        response = self._answer(request)
        correlation_id = request.correlation_id
        log.info(
            "request",
            method=event.get("httpMethod"),
            resource=event.get("resource"),
            status=response.status,
            correlation_id=correlation_id,
            **request.known,
        )
        return response.to_event({"X-Correlation-Id": correlation_id})

    def _answer(self, request: Request) -> Response:
        try:
            handle, path_values = self.routes.find(request.method, request.path)
            return handle(request, path_values)
        except Exception as error:  # noqa: BLE001 - INV-11: whatever is raised is answered as a problem
            return _refuse(request, error)


def _refuse(request: Request, error: Exception) -> Response:
    problem = as_problem(error)
    _count(problem.type)
    count_blob_fault(error)
    if problem.type.status >= SERVER_ERROR_STATUS:
        log.failure("failure", error)
    else:
        log.info("refused", problem=problem.type.slug, detail=problem.detail)
    return problem_response(problem, request.path)


def _count(problem: ProblemType) -> None:
    """The registry of problems is a closed list; every failure of the hub itself counts under one status."""
    status = "5xx" if problem.status >= SERVER_ERROR_STATUS else str(problem.status)
    write([(HTTP_REFUSED, 1)], {REASON: problem.slug}, {STATUS: status})
