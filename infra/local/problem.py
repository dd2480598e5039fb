"""RFC 9457 problem responses for requests that never reach the hub."""

import json
import re
import secrets
from collections.abc import Iterable
from typing import Final, NamedTuple

PROBLEM_URN_PREFIX: Final = "urn:risk-hub:problem:"
PROBLEM_MEDIA_TYPE: Final = b"application/problem+json"
ABOUT_BLANK: Final = "about:blank"
REQUEST_URN_PREFIX: Final = "urn:risk-hub:request:"
CORRELATION_HEADER: Final = b"x-correlation-id"
# The ids that the hub accepts from a client.
CORRELATION_ID: Final = re.compile(rb"[A-Za-z0-9._:@+/=-]{1,128}")

Headers = Iterable[tuple[bytes, bytes]]


class Problem(NamedTuple):
    """A problem document as UTF-8 JSON, and the id of the request in it."""

    body: bytes
    request_id: str


def new_request_id() -> str:
    """Return an id for a request that does not reach the emulator, which would give it one."""
    return f"local-{secrets.token_hex(8)}"


def problem_headers(problem: Problem, request_headers: Headers = ()) -> list[tuple[bytes, bytes]]:
    """Return the headers of a problem document, which no cache keeps."""
    return [
        (b"content-type", PROBLEM_MEDIA_TYPE),
        (b"cache-control", b"no-store"),
        correlation_header(request_headers, problem.request_id),
        (b"content-length", str(len(problem.body)).encode()),
    ]


def correlation_header(request_headers: Headers, request_id: str) -> tuple[bytes, bytes]:
    """Return the id of the request as the hub does: the client's own one if it is well formed, else ours."""
    sent = [value for name, value in request_headers if name.lower() == CORRELATION_HEADER]
    is_usable = len(sent) == 1 and CORRELATION_ID.fullmatch(sent[0])
    return CORRELATION_HEADER, sent[0] if is_usable else request_id.encode()


def problem_body(slug: str, status: int, title: str, detail: str, remedy: str) -> Problem:
    """Return a problem of the hub's registry."""
    return problem_document(PROBLEM_URN_PREFIX + slug, status, title, detail, remedy)


def problem_document(uri: str, status: int, title: str, detail: str, remedy: str) -> Problem:
    """Return a problem with an id for its request.

    `uri` is a type of the hub's registry, or `about:blank` if the status suffices; the servers define no types.
    """
    request_id = new_request_id()
    document = {
        "type": uri,
        "title": title,
        "status": status,
        "detail": detail,
        "remedy": remedy,
        "instance": REQUEST_URN_PREFIX + request_id,
    }
    return Problem(json.dumps(document).encode(), request_id)
