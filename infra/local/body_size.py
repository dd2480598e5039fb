"""Limits of a request body, checked by the size that its framing announces, before the body arrives."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from infra.local.framing import FramingError, framing_error
from infra.local.gateway_responses import BODY_MAX_BYTES as GATEWAY_MAX_BYTES
from risk_hub_contracts.base.limits import BODY_MAX_BYTES
from risk_hub_contracts.base.problems import BODY_TOO_LARGE

CHUNK_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,20}")
FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
CHUNK_END_BYTES: Final = len(b"\r\n")


class GatewayBodyLimitError(Exception):
    """A body over the limit of the gateway, which answers it with a response of the template."""


class BodySize:
    """The announced size of one body: by Content-Length, or by the size lines of its chunks so far.

    h11 returns a chunk's bytes, but not the size that its first line announces.
    """

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Check the size that Content-Length announces.

        Raises:
            FramingError: the body is larger than the hub accepts (413).
            GatewayBodyLimitError: it is larger than the gateway accepts.
        """
        given = dict(headers)
        self._expects_chunk = b"transfer-encoding" in given
        self._total_bytes, self._to_skip_bytes, self._line = 0, 0, b""
        _check(int(given.get(b"content-length", b"0")))

    def add(self, data: bytes) -> None:
        """Check the chunks whose size lines end in the next received bytes; raises as the constructor does.

        It also refuses a size line that h11 would wait for, or that two servers may read differently.
        """
        place = 0
        while self._expects_chunk and place < len(data):
            skipped = min(self._to_skip_bytes, len(data) - place)
            self._to_skip_bytes -= skipped
            place = self._read_line(data, place + skipped)

    def _read_line(self, data: bytes, start: int) -> int:
        """Read a size line, or its part in `data`, and return the position after it."""
        end = data.find(b"\n", start)
        if end < 0:
            self._line += data[start:]
            return len(data)
        self._begin_chunk(self._line + data[start:end])
        return end + 1

    def _begin_chunk(self, line: bytes) -> None:
        if not line.endswith(b"\r") or FORBIDDEN.search(line, 0, len(line) - 1):
            raise framing_error(
                "The size line of a chunk has a control character, or does not end with CRLF. Correct the line."
            )
        size = CHUNK_SIZE.match(line)
        chunk_bytes, self._line = int(size[0], 16) if size else 0, b""
        self._total_bytes += chunk_bytes
        _check(self._total_bytes)
        self._to_skip_bytes = chunk_bytes + CHUNK_END_BYTES
        # After the last chunk come trailers; h11 refuses a line without a size.
        self._expects_chunk = chunk_bytes > 0


def _check(size_bytes: int) -> None:
    if size_bytes > GATEWAY_MAX_BYTES:
        raise GatewayBodyLimitError
    if size_bytes > BODY_MAX_BYTES:
        detail = f"The body has at least {size_bytes:,} bytes; at most {BODY_MAX_BYTES:,} are allowed."
        raise FramingError(HTTPStatus(BODY_TOO_LARGE.status), detail, BODY_TOO_LARGE.remedy, BODY_TOO_LARGE)
