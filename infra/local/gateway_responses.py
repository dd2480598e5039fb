"""Replace the emulator's own errors by the template's gateway responses.

On AWS, API Gateway answers for a failed function or a missing route with the responses that the template
customises. The emulator applies them to a few of its errors; the rest are its own JSON or XML. Rule: every
response on the front port is either the hub's own or a problem document.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.local.asgi import App, ClientDisconnectedError, Message, Receive, Scope, Send, header_values
from infra.local.assembly import Assembly
from infra.local.problem import (
    CORRELATION_HEADER,
    PROBLEM_MEDIA_TYPE,
    Headers,
    correlation_header,
    new_request_id,
)

RESPONSE_TYPE: Final = "AWS::ApiGateway::GatewayResponse"
HEADER_PREFIX: Final = "gatewayresponse.header."
REQUEST_ID: Final = "$context.requestId"
EMULATOR_REQUEST_ID: Final = b"x-amzn-requestid"
BAD_REQUEST: Final = 400
SERVER_ERROR: Final = 500
# API Gateway's integration timeout.
RESPONSE_MAX_SECONDS: Final = 29.0
# API Gateway's limit of a request body.
BODY_MAX_BYTES: Final = 10 * 1024 * 1024
TYPE_OF_STATUS: Final[Mapping[int, str]] = {
    400: "BAD_REQUEST_PARAMETERS",
    401: "UNAUTHORIZED",
    403: "ACCESS_DENIED",
    413: "REQUEST_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "THROTTLED",
    503: "INTEGRATION_FAILURE",
    504: "INTEGRATION_TIMEOUT",
}
TIMED_OUT: Final = 504
TOO_LARGE: Final = 413
_QUOTED: Final = re.compile(r"'(.*)'")

logger = logging.getLogger("local-stage.front-server")


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """One complete response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class GatewayResponses:
    """The gateway responses of the committed template."""

    def __init__(self, responses: Mapping[str, Mapping[str, Any]]) -> None:
        self._responses = responses

    @classmethod
    def of(cls, assembly: Assembly) -> "GatewayResponses":
        """Read the gateway responses from the templates of an assembly."""
        found = [
            each for template in assembly.templates for each in template.resources(RESPONSE_TYPE).values()
        ]
        return cls({each["ResponseType"]: each for each in found})

    def answer(self, status: int, request_headers: Headers = ()) -> GatewayResponse:
        """Return API Gateway's response in place of the emulator's own response with this status.

        It has a correlation id as the hub's answers have: AWS sends `x-amzn-RequestId` in its place.
        """
        family = "DEFAULT_5XX" if status >= SERVER_ERROR else "DEFAULT_4XX"
        response = self._responses[TYPE_OF_STATUS.get(status, family)]
        template: str = response["ResponseTemplates"]["application/json"]
        request_id = new_request_id()
        body = template.replace(REQUEST_ID, request_id).encode()
        headers = [
            (name.removeprefix(HEADER_PREFIX).lower().encode(), _QUOTED.sub(r"\1", value).encode())
            for name, value in response["ResponseParameters"].items()
        ]
        headers += [
            correlation_header(request_headers, request_id),
            (b"content-length", str(len(body)).encode()),
        ]
        return GatewayResponse(int(response["StatusCode"]), headers, body)


def with_gateway_responses(app: App, responses: GatewayResponses) -> App:
    """Wrap the emulator's API so that clients receive only the hub's answers and gateway responses."""

    async def answering_app(scope: Scope, receive: Receive, send: Send) -> None:
        filtered = _ResponseFilter(scope, send, responses)
        try:
            await asyncio.wait_for(app(scope, receive, filtered.send), RESPONSE_MAX_SECONDS)
        except ClientDisconnectedError:
            raise
        except TimeoutError:
            await filtered.fail(TIMED_OUT)
        except Exception:
            logger.exception("The emulator failed on %s %s", scope["method"], scope["path"])
            await filtered.fail(SERVER_ERROR)

    return answering_app


class _ResponseFilter:
    """Response of one request: the hub's is passed on, an error of the emulator is replaced."""

    def __init__(self, scope: Scope, send: Send, responses: GatewayResponses) -> None:
        self._head_only, self._headers = scope["method"] == "HEAD", scope["headers"]
        self._send, self._responses = send, responses
        self._started = self._replaced = False

    async def send(self, message: Message) -> None:
        """Pass on or replace one message of the emulator."""
        if message["type"] == "http.response.start":
            self._replaced = _is_emulator_error(message)
            if self._replaced:
                await self._answer(message["status"])
                return
            self._started = True
            message = _with_correlation_id(message, self._headers)
        if not self._replaced:
            await self._send(message)

    async def fail(self, status: int) -> None:
        """Send a failure response for the emulator; if it already began a response, cut that off."""
        if self._started or self._replaced:
            raise ConnectionAbortedError("The emulator stopped in the middle of its answer.")
        await self._answer(status)

    async def _answer(self, status: int) -> None:
        answer = self._responses.answer(status, self._headers)
        body = b"" if self._head_only else answer.body
        await self._send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await self._send({"type": "http.response.body", "body": body})


def _with_correlation_id(start: Message, request_headers: Headers) -> Message:
    """Add the correlation id to a gateway response of the emulator: unlike the hub's answers, it has none."""
    answer = {"headers": start["headers"]}
    request_ids = header_values(answer, EMULATOR_REQUEST_ID)
    if header_values(answer, CORRELATION_HEADER) or not request_ids:
        return start
    return {**start, "headers": [*start["headers"], correlation_header(request_headers, request_ids[0])]}


def _is_emulator_error(start: Message) -> bool:
    kinds = header_values({"headers": start["headers"]}, b"content-type")
    return start["status"] >= BAD_REQUEST and PROBLEM_MEDIA_TYPE.decode() not in kinds
