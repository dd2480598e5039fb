"""RFC 9457 answers of the two doors, for what never reaches the hub."""

import json
from typing import Final

PROBLEM_URN_PREFIX: Final = "urn:risk-hub:problem:"
PROBLEM_MEDIA_TYPE: Final = b"application/problem+json"


def problem_body(slug: str, status: int, title: str, detail: str, remedy: str) -> bytes:
    """Return a problem document as UTF-8 JSON.

    `slug` names a type of the hub's own registry: the doors add no type, so a client needs one table only.
    """
    document = {
        "type": PROBLEM_URN_PREFIX + slug,
        "title": title,
        "status": status,
        "detail": detail,
        "remedy": remedy,
    }
    return json.dumps(document).encode()
