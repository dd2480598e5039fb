"""Strict rules for the framing of a request at the front server.

h11 accepts a few forms that two servers may read differently, which makes request smuggling possible: both
framing headers, a repeated Content-Length, a folded header line, a bare line feed. All are refused.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import h11

from infra.local.problem import ABOUT_BLANK, Problem, problem_document
from risk_hub_contracts.base.problems import ProblemType

HEAD_MAX_BYTES: Final = 16_384
HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
SERVED_VERSIONS: Final = frozenset({b"1.0", b"1.1"})
BARE_LINE_END: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)")
DIGITS: Final = re.compile(rb"[0-9]+")
CONTROL_CHARACTER: Final = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
FIRST_BYTE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z]|\r\Z")
REQUEST_LINE_END: Final = re.compile(rb" HTTP/[0-9]\.[0-9]\r?\Z")
TLS_HANDSHAKE: Final = b"\x16"
QUOTED_BYTES: Final = re.compile(r":? *(?:bytearray\()?\bb['\"].*", re.DOTALL)
REQUEST_LINE_ERROR: Final = "illegal request line"
REQUEST_LINE_HINT: Final = " Percent-encode spaces and characters outside ASCII in the path and query."
TLS_REMEDY: Final = "Use an http:// URL. TLS is not needed: only programs on this machine reach this address."
REMEDY: Final = "Correct the request's HTTP framing and send it again on a new connection."

Headers = Sequence[tuple[bytes, bytes]]


class FramingError(Exception):
    """A request that the front server refuses before it reaches an application."""

    def __init__(
        self, status: HTTPStatus, detail: str, remedy: str = REMEDY, registered: ProblemType | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.remedy, self._registered = status, detail, remedy, registered

    def problem(self) -> Problem:
        """Return the problem document, of type `about:blank` if the HTTP status is sufficient."""
        uri, title = ABOUT_BLANK, self.status.phrase
        if self._registered is not None:
            uri, title = self._registered.uri, self._registered.title
        return problem_document(uri, self.status, title, self.detail, self.remedy)


def framing_error(detail: str) -> FramingError:
    """Return the error of a request with wrong framing."""
    return FramingError(HTTPStatus.BAD_REQUEST, detail)


def parse_error(error: h11.RemoteProtocolError) -> FramingError:
    """Return a FramingError for h11's error, without the bytes that h11 quotes: they may contain a token."""
    reason = QUOTED_BYTES.sub("", str(error))
    hint = REQUEST_LINE_HINT if reason == REQUEST_LINE_ERROR else ""
    return framing_error(f"The request is not valid HTTP/1.1: {reason}.{hint}")


def check_start(received: bytes | bytearray) -> None:
    """Check the bytes received so far, so that a client of another protocol is answered at once.

    Raises:
        FramingError: no request begins like this.
    """
    if received.startswith(TLS_HANDSHAKE):
        detail = "The client began a TLS handshake, but this address serves http, not https."
        raise FramingError(HTTPStatus.BAD_REQUEST, detail, TLS_REMEDY)
    if received and not FIRST_BYTE.match(received):
        raise framing_error("The request does not begin with an HTTP method.")
    line, is_complete, _ = received.partition(b"\n")
    if is_complete and not REQUEST_LINE_END.search(line):
        raise framing_error("The request line does not end with a space and the version, such as HTTP/1.1.")


def check_head(head: bytes) -> None:
    """Check the raw head of a request: request line and header lines, up to and including the empty line.

    Raises:
        FramingError: another server could see the end of the request at a different place.
    """
    if b"\0" in head:
        raise framing_error("The request line or a header contains a NUL byte. Remove it.")
    if BARE_LINE_END.search(head):
        raise framing_error("The request line or a header contains a bare CR or LF. End each line with CRLF.")
    if found := CONTROL_CHARACTER.search(head):
        code = f"0x{found[0].hex()}"
        raise framing_error(f"The request line or a header contains the control character {code}. Remove it.")
    lines = head.split(b"\r\n")[1:-2]
    if any(line[:1] in {b" ", b"\t"} for line in lines):
        raise framing_error("A header line begins with white space. Send each header on one line.")
    _check_framing_headers([_split_header(line) for line in lines])


def _split_header(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")


def _check_framing_headers(headers: Headers) -> None:
    lengths = [value for name, value in headers if name.rstrip() == b"content-length"]
    codings = [value for name, value in headers if name.rstrip() == b"transfer-encoding"]
    if lengths and codings:
        raise framing_error("Content-Length and Transfer-Encoding are both given. Send exactly one of them.")
    if len(lengths) > 1:
        raise framing_error("Content-Length is given more than once. Send it once.")
    if lengths and not DIGITS.fullmatch(lengths[0]):
        raise framing_error("Content-Length is not a whole number of bytes, zero or more.")
    if codings and [value.lower() for value in codings] != [b"chunked"]:
        raise framing_error("Transfer-Encoding must be `chunked`, once.")


def request_target(request: h11.Request) -> tuple[bytes, Headers]:
    """Return a request's path with query, and headers; the authority of an absolute target replaces Host.

    Raises:
        FramingError: the version or the form of the target is not supported.
    """
    if request.http_version not in SERVED_VERSIONS:
        raise FramingError(
            HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
            "Only HTTP/1.1 and HTTP/1.0 are served here.",
            "Send the request by HTTP/1.1, on a new connection.",
        )
    headers = [(bytes(name), bytes(value)) for name, value in request.headers]
    target = bytes(request.target)
    if target.startswith(b"/"):
        return target, headers
    try:
        parts = urlsplit(target)
    except ValueError:
        raise framing_error("The request target is not a valid URL.") from None
    if parts.scheme.lower() != b"http" or not parts.netloc:
        raise framing_error("The request target must be a path, such as /risk-hub/contract, or an http URL.")
    query = b"?" + parts.query if parts.query else b""
    others = [(name, value) for name, value in headers if name != b"host"]
    return (parts.path or b"/") + query, [(b"host", parts.netloc), *others]
