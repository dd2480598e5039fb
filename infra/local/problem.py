"""RFC 9457 problem responses for requests that never reach the hub."""

import json
import secrets
from typing import Final

PROBLEM_URN_PREFIX: Final = "urn:risk-hub:problem:"
PROBLEM_MEDIA_TYPE: Final = b"application/problem+json"
ABOUT_BLANK: Final = "about:blank"
REQUEST_URN_PREFIX: Final = "urn:risk-hub:request:"


def new_request_id() -> str:
    """Return an id for a request that does not reach the emulator, which would give it one."""
    return f"local-{secrets.token_hex(8)}"


def problem_headers(body: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of a problem document, which no cache keeps."""
    return [
        (b"content-type", PROBLEM_MEDIA_TYPE),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]


def problem_body(slug: str, status: int, title: str, detail: str, remedy: str) -> bytes:
    """Return a problem document of the hub's registry as UTF-8 JSON."""
    return problem_document(PROBLEM_URN_PREFIX + slug, status, title, detail, remedy)


def problem_document(uri: str, status: int, title: str, detail: str, remedy: str) -> bytes:
    """Return a problem document as UTF-8 JSON.

    `uri` is a type of the hub's registry, or `about:blank` if the status suffices; the servers define no types.
    """
    document = {
        "type": uri,
        "title": title,
        "status": status,
        "detail": detail,
        "remedy": remedy,
        "instance": REQUEST_URN_PREFIX + new_request_id(),
    }
    return json.dumps(document).encode()
