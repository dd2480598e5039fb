"""The opaque cursor of a list: a position, bound to the query that made it.

A cursor holds the last position of a page and a digest of the query. It grants nothing beyond the query's own
bounds, so it is bound to the query but not secret: an altered or shortened cursor, or one of another query,
is refused. A client can compute the digest itself for a position at which no page ended, so a position must
also have the form of those at which pages end. Each position has exactly one valid cursor: of the texts that
base64 decodes alike, only the issued one is accepted.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

from risk_hub_contracts.base.canonical import canonical_json
from risk_hub_contracts.base.problems import CURSOR_INVALID, ProblemError

DIGEST_BYTES = 12


def _binding_digest(query: Mapping[str, str | None], position: bytes) -> bytes:
    return hashlib.sha256(canonical_json(dict(query)) + b"\n" + position).digest()[:DIGEST_BYTES]


def encode_cursor(query: Mapping[str, str | None], position: str) -> str:
    """Return the cursor that continues `query` after `position`."""
    text = position.encode()
    return base64.urlsafe_b64encode(_binding_digest(query, text) + text).decode().rstrip("=")


def decode_cursor(query: Mapping[str, str | None], cursor: str, form: re.Pattern[str]) -> str:
    """Return the position in `cursor`.

    Args:
        query: the query, as it was when the cursor was made.
        cursor: the caller's text.
        form: the pattern of every position of this query.

    Raises:
        ProblemError: `cursor-invalid` when it was not issued for this query.
    """
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = data[DIGEST_BYTES:].decode()
        # Base64 ignores the last character's spare bits, so the texts are compared.
        if cursor == encode_cursor(query, position) and form.fullmatch(position):
            return position
    except (ValueError, binascii.Error):
        pass
    raise ProblemError(CURSOR_INVALID, "the cursor was not issued for this query")
