"""The router behind a Lambda handler: it answers every error with a problem and logs one line per request."""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from functions.entrypoints.blob_errors import count_blob_error
from functions.entrypoints.http.event import Event, http_api_answer, is_http_api, rest_event, route_path
from functions.entrypoints.http.request import Request
from functions.entrypoints.http.responses import as_problem, no_content, problem_response
from functions.telemetry import log
from functions.telemetry.metrics import write
from risk_hub_contracts.api.routes import ROUTES, allowed_methods
from risk_hub_contracts.base.metrics import HTTP_REFUSED, REASON, STATUS
from risk_hub_contracts.base.problems import METHOD_NOT_ALLOWED, NOT_FOUND, ProblemError, ProblemType

RequestHandler = Callable[[Request, Mapping[str, str]], Response[Any]]
UNROUTED_METHOD = "UNROUTED"
SERVER_ERROR_STATUS = 500
REQUEST = "risk_hub_request"


class Router:
    """Routes of one function. Each handler gets the request and the path values, still percent-encoded."""

    def __init__(self, stages: frozenset[str] = frozenset()) -> None:
        """Create a router without routes; `stages` are the deployment's stages."""
        self._stages = stages
        self._app = APIGatewayRestResolver()
        self._app.not_found(self._no_route)
        self._app.exception_handler(Exception)(self._problem)

    def add(self, operation_id: str, handle: RequestHandler) -> None:
        """Route an operation of the route table to a handler; GET also handles HEAD."""
        row = ROUTES[operation_id]

        def route(**path_values: str) -> Response[Any]:
            return handle(self._request(), path_values)

        path = row.path.replace("{", "<").replace("}", ">")
        self._app.route(path, method=row.method)(route)

    def __call__(self, event: Event, context: Any) -> Event:  # noqa: ANN401
        """Answer one proxy event: the Lambda handler."""
        rest = rest_event(event)
        request = Request(rest, str(getattr(context, "aws_request_id", "")), self._stages)
        is_head = request.method == "HEAD"
        method = "GET" if is_head else _routed_method(request.method)
        self._app.context[REQUEST] = request
        answer: Event = self._app.resolve({**rest, "path": route_path(rest), "httpMethod": method}, context)
        if is_head:
            answer["body"] = ""
        correlation_id = request.correlation_id
        answer.setdefault("multiValueHeaders", {})["X-Correlation-Id"] = [correlation_id]
        log.info(
            "request",
            method=request.method,
            resource=rest.get("resource"),
            status=answer["statusCode"],
            correlation_id=correlation_id,
            **request.log_fields,
        )
        return http_api_answer(answer) if is_http_api(event) else answer

    def _request(self) -> Request:
        """Return the request that is being answered; the resolver drops it after the answer."""
        request: Request = self._app.context[REQUEST]
        return request

    def _no_route(self, _error: NotFoundError) -> Response[Any]:
        """Answer a path and method without a handler: 204 to OPTIONS, 405 on a known path, else 404."""
        request = self._request()
        method, allowed = request.method, allowed_methods(route_path(request.event))
        if not allowed or (method in allowed and method != "OPTIONS"):
            return self._problem(ProblemError(NOT_FOUND, "this hub has no such route"))
        allow = {"Allow": ", ".join(allowed)}
        if method == "OPTIONS":
            return no_content(allow)
        response = self._problem(
            ProblemError(METHOD_NOT_ALLOWED, f"{method[:32]} is not supported; send one of {allow['Allow']}")
        )
        response.headers.update(allow)
        return response

    def _problem(self, error: Exception) -> Response[Any]:
        problem = as_problem(error)
        _count_problem(problem.type)
        count_blob_error(error)
        if problem.type.status >= SERVER_ERROR_STATUS:
            log.failure("failure", error)
        else:
            log.info("refused", problem=problem.type.slug, detail=problem.detail)
        return problem_response(problem, self._request().path)


def _routed_method(method: str) -> str:
    """Return the method if it is in upper case, else one that no route has.

    Methods are case-sensitive, but the resolver would change `get` to `GET` and find a route.
    """
    return method if method == method.upper() else UNROUTED_METHOD


def _count_problem(problem: ProblemType) -> None:
    """Count a problem by slug and by status; all statuses from 500 count as `5xx`."""
    status = "5xx" if problem.status >= SERVER_ERROR_STATUS else str(problem.status)
    write([(HTTP_REFUSED, 1)], {REASON: problem.slug}, {STATUS: status})
