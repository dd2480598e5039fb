"""Check that the contract declares the answer to each generated request, with each member of its body."""

from typing import Any
from urllib.parse import urlsplit

import schemathesis

from tests.fakes.answer_validation import Exchange, validate_exchange
from tests.fakes.calls import GATEWAY_HEADER_PREFIX

NAME = "declared_answer"


@schemathesis.check
def declared_answer(
    _context: schemathesis.CheckContext, response: schemathesis.Response, _case: schemathesis.Case[Any]
) -> None:
    """Validate the answer against the closed schemas; an `UndeclaredAnswerError` is a failure of this check."""
    request = response.request
    headers = {
        name.lower(): values[0]
        for name, values in response.headers.items()
        if not name.lower().startswith(GATEWAY_HEADER_PREFIX)
    }
    path = urlsplit(request.url or "").path
    body = (response.content or b"").decode()
    validate_exchange(Exchange(str(request.method), path, response.status_code, headers, body))
