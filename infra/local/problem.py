"""RFC 9457 problem responses for requests that never reach the hub."""

import json
from typing import Final

PROBLEM_URN_PREFIX: Final = "urn:risk-hub:problem:"
PROBLEM_MEDIA_TYPE: Final = b"application/problem+json"


def problem_body(slug: str, status: int, title: str, detail: str, remedy: str) -> bytes:
    """Return a problem document of the hub's registry as UTF-8 JSON."""
    return problem_document(PROBLEM_URN_PREFIX + slug, status, title, detail, remedy)


def problem_document(uri: str, status: int, title: str, detail: str, remedy: str) -> bytes:
    """Return a problem document as UTF-8 JSON.

    `uri` is a type of the hub's registry, or `about:blank` if the status suffices; the servers define no types.
    """
    document = {"type": uri, "title": title, "status": status, "detail": detail, "remedy": remedy}
    return json.dumps(document).encode()
