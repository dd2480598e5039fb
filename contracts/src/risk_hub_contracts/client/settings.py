"""How a client speaks to a hub: where, as whom, and how patiently."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from risk_hub_contracts.client.errors import HubError

__all__ = ["LOOPBACK", "NotConfiguredError", "Patience", "Settings", "settings_from"]

URL_VARIABLE: Final = "RISK_HUB_URL"
TOKEN_VARIABLE: Final = "RISK_HUB_TOKEN"  # noqa: S105 - the variable's name
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_TOKEN: Final = re.compile("[!-~]+")


class NotConfiguredError(HubError):
    """Neither an argument nor the environment says where the hub is and what opens it, or what they say cannot be."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long one request is tried.

    Waits grow from `wait_initial_seconds` to `wait_max_seconds` by doubling, each with up to `jitter_seconds` more. A
    `Retry-After` replaces the wait; one that would outlast the budget ends the request at once.

    Attributes:
        attempts: at most so many, the first included.
        budget_seconds: no attempt of a request begins later than that after its first, nor goes on for longer. It is per
            request: a publication is up to four and one more per blob, whose own budget grows by a second per 250 kB.
        timeout_seconds: the longest silence of the other side within an attempt.
    """

    attempts: int = 6
    budget_seconds: float = 30.0
    timeout_seconds: float = 10.0
    wait_initial_seconds: float = 0.2
    wait_max_seconds: float = 5.0
    jitter_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """One client's settings; the token is never shown."""

    url: str
    token: str = field(repr=False)
    actor: str | None = None
    stage: str | None = None
    patience: Patience = field(default_factory=Patience)


def settings_from(  # noqa: PLR0913 - the parts of a setting, by keyword
    url: str | None,
    token: str | None,
    *,
    actor: str | None,
    stage: str | None,
    patience: Patience | None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Return settings, with RISK_HUB_URL and RISK_HUB_TOKEN for what is not given.

    Raises:
        NotConfiguredError: the URL or the token is nowhere to be found, or is none; its value is not told.
    """
    found_url, found_token = url or environment.get(URL_VARIABLE), token or environment.get(TOKEN_VARIABLE)
    if not found_url or not found_token:
        missing = URL_VARIABLE if not found_url else TOKEN_VARIABLE
        raise NotConfiguredError(f"{missing} is not set, and no such argument is given")
    if not _TOKEN.fullmatch(found_token):
        raise NotConfiguredError(
            f"the token ({TOKEN_VARIABLE}) has a blank, a line break or another character that no token has"
        )
    if not _is_url(found_url):
        raise NotConfiguredError(f"the hub's URL ({URL_VARIABLE}) is not one of http or https")
    if not _is_private(found_url):
        raise NotConfiguredError(
            f"the hub's URL ({URL_VARIABLE}) is http and not of this machine: "
            "whoever stands between would read the token; give one of https"
        )
    return Settings(
        found_url.rstrip("/"), found_token, actor, stage and stage.lower(), patience or Patience()
    )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_private(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in LOOPBACK
