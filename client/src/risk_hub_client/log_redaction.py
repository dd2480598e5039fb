"""Log redaction of signed requests: the query string grants access to the blob store."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import httpx2

__all__ = ["redact_signed_query"]

_SIGNED: ContextVar[bool] = ContextVar("signed", default=False)
_LOGGER: Final = logging.getLogger("httpx2")


@contextmanager
def redact_signed_query(*, signed: bool) -> Iterator[None]:
    """Redact the query string of signed requests in the HTTP library's logs within the block."""
    before = _SIGNED.set(signed)
    try:
        yield
    finally:
        _SIGNED.reset(before)


def _redact_query(record: logging.LogRecord) -> bool:
    if _SIGNED.get() and isinstance(record.args, tuple):
        record.args = tuple(
            argument.copy_with(query=None) if isinstance(argument, httpx2.URL) else argument
            for argument in record.args
        )
    return True


_LOGGER.addFilter(_redact_query)
