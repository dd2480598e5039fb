"""Parts that the blocking and the asynchronous transport share: request arguments, deadlines, errors."""

from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from risk_hub_client.answer_buffer import AnswerBuffer
from risk_hub_client.cache import ClientCache
from risk_hub_client.errors import HubError, UnavailableError
from risk_hub_client.log_redaction import mark_signed
from risk_hub_client.retries import RETRYABLE_ERRORS, Deadline
from risk_hub_client.settings import LOOPBACK, Settings
from risk_hub_client.tls_errors import certificate_reason, plain_http_hint, protocol_mismatch
from risk_hub_client.wire import Answer, Call, TransientError
from risk_hub_contracts import __version__

__all__ = ["SEND_ERRORS", "Exchange", "client_options"]

USER_AGENT: Final = f"risk-hub-client/{__version__}"
# Exceptions of the library; ValueError: an invalid proxy or header.
SEND_ERRORS: Final = (httpx2.HTTPError, httpx2.InvalidURL, ValueError)
# Command-line arguments can contain such characters: Python makes them of bytes that it cannot decode.
ENCODING_HINT: Final = (
    ": a value of the request, of the hub's URL or of the proxy's URL contains a character that has no "
    "encoding, such as an unpaired surrogate; correct that value"
)


def client_options(settings: Settings) -> dict[str, Any]:
    """Return the HTTP library's options: no redirects (they could leak the token), no proxy for loopback."""
    return {
        "follow_redirects": False,
        "trust_env": urlsplit(settings.url).hostname not in LOOPBACK,
        "headers": {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"},
    }


class Exchange:
    """One call, from its first attempt to its answer."""

    def __init__(self, settings: Settings, cache: ClientCache, call: Call) -> None:
        self._settings, self._cache, self.call = settings, cache, call
        self.deadline = Deadline(settings.patience, call.size_bytes)
        self._last_answer: TransientError | None = None

    def request(self, content: Any) -> dict[str, Any]:  # noqa: ANN401 - bytes, or either kind of iterator
        """Return the arguments of the next attempt."""
        call, headers = self.call, dict(self.call.headers)
        if call.to_hub:
            headers |= {
                "Authorization": f"Bearer {self._settings.token}",
                "X-Correlation-Id": call.request_id,
            }
        return {
            "method": call.method,
            "url": f"{self._settings.url}{call.url}" if call.to_hub else call.url,
            "headers": headers,
            "params": call.query() or None,
            "content": content,
            "timeout": self.deadline.timeout_seconds,
            "extensions": mark_signed(signed=not call.to_hub),
        }

    def buffer(self, response: httpx2.Response) -> AnswerBuffer:
        """Return the buffer for the answer's bytes."""
        return AnswerBuffer(self.call, response.status_code, response.headers)

    def receive(self, buffer: AnswerBuffer, chunk: bytes) -> None:
        """Append the next bytes, unless the time budget is exhausted."""
        if self.deadline.is_over:
            raise self.deadline_error()
        buffer.add(chunk)

    def answer(self, buffer: AnswerBuffer) -> Answer:
        """Return the complete answer, or raise the error of its status."""
        now = self._cache.now()
        try:
            answer = buffer.answer(now)
        except TransientError as error:
            self._last_answer = error
            raise
        if self.call.to_hub:
            self._cache.update_clock_skew(answer)
        return answer

    def final_error(self, error: TransientError, attempts: int) -> UnavailableError:
        """Return the error to raise after the last attempt, which names the last answer that arrived."""
        return error.final_error(attempts, self._last_answer)

    def deadline_error(self) -> TransientError:
        """Return the error of an answer that exceeds the budget."""
        return TransientError("the answer was not received in time", self.call.request_id)

    def classify_error(self, error: Exception) -> Exception:
        """Classify a failed attempt: a connection error can be retried, an invalid URL or scheme cannot.

        A refused certificate ends the attempts, but a later request may succeed.

        The library's message on an invalid request may quote the request, token included, so it is left out.
        """
        if isinstance(error, httpx2.TimeoutException) and self.deadline.is_over:
            return self.deadline_error()
        url, request_id = self._settings.url if self.call.to_hub else self.call.url, self.call.request_id
        if (mismatch := protocol_mismatch(error, url)) is not None:
            return HubError(mismatch, request_id)
        if (refused := certificate_reason(error, url)) is not None:
            return UnavailableError(refused, request_id)
        if isinstance(error, RETRYABLE_ERRORS):
            reason = f"{type(error).__name__}: {error}".rstrip(": ") + plain_http_hint(error, url)
            return TransientError(reason, request_id)
        hint = ENCODING_HINT if isinstance(error, UnicodeError) else ""
        return HubError(f"the request could not be sent ({type(error).__name__}{hint})", self.call.request_id)
