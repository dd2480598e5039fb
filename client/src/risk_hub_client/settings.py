"""Settings of a client: URL, token, producer and retry budget."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from risk_hub_client.errors import HubError

__all__ = ["LOOPBACK", "NotConfiguredError", "Patience", "Settings", "resolve_settings"]

URL_VARIABLE: Final = "RISK_HUB_URL"
TOKEN_VARIABLE: Final = "RISK_HUB_TOKEN"  # noqa: S105 - the variable's name
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_TOKEN: Final = re.compile("[!-~]+")


class NotConfiguredError(HubError):
    """The URL or the token is missing or malformed in the arguments and the environment."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The attempts and the time budget of one request.

    Waits double from `wait_initial_seconds` to `wait_max_seconds`, each with up to `jitter_seconds` more. A
    `Retry-After` replaces the wait; one that exceeds the budget ends the request at once.

    Attributes:
        attempts: the maximum number of attempts, the first included.
        budget_seconds: the time from the first attempt within which every attempt must begin, and the longest
            duration of one. It applies per request: a publication makes up to four, and one more per blob,
            whose budget grows by a second per 250 kB.
        timeout_seconds: the longest wait for the next bytes of the other side within an attempt.
    """

    attempts: int = 6
    budget_seconds: float = 30.0
    timeout_seconds: float = 10.0
    wait_initial_seconds: float = 0.2
    wait_max_seconds: float = 5.0
    jitter_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """One client's settings; the token is excluded from the repr."""

    url: str
    token: str = field(repr=False)
    actor: str | None = None
    stage: str | None = None
    patience: Patience = field(default_factory=Patience)


def resolve_settings(  # noqa: PLR0913 - the parts of a setting, by keyword
    url: str | None,
    token: str | None,
    *,
    actor: str | None,
    stage: str | None,
    patience: Patience | None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Return settings, using RISK_HUB_URL and RISK_HUB_TOKEN for missing arguments.

    Raises:
        NotConfiguredError: the URL or the token is missing or malformed; the message does not quote it.
    """
    found_url, found_token = url or environment.get(URL_VARIABLE), token or environment.get(TOKEN_VARIABLE)
    if not found_url or not found_token:
        missing = URL_VARIABLE if not found_url else TOKEN_VARIABLE
        raise NotConfiguredError(f"{missing} is not set; set it or pass the argument")
    if not _TOKEN.fullmatch(found_token):
        raise NotConfiguredError(
            f"the token ({TOKEN_VARIABLE}) contains a space, a line break or another character "
            "that no token contains"
        )
    if not _is_url(found_url):
        raise NotConfiguredError(
            f"the hub's URL ({URL_VARIABLE}) is not a valid http or https URL of a host, without user name, "
            "query or white space"
        )
    if not _is_secure(found_url):
        raise NotConfiguredError(
            f"the hub's URL ({URL_VARIABLE}) uses http to another machine, "
            "which would expose the token; use https"
        )
    return Settings(
        found_url.rstrip("/"), found_token, actor, stage and stage.lower(), patience or Patience()
    )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    # A user name would be sent in a second Authorization header; paths are appended to the URL.
    return (
        known and "@" not in parts.netloc and "?" not in text and "#" not in text and text.split() == [text]
    )


def _is_secure(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in LOOPBACK
