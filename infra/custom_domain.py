"""Custom domain of a stage's API: name, certificate and optional base path, given as CDK context."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAIN_KEYS: Final = ("domain_name", "certificate_arn", "base_path")
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_CERTIFICATE: Final = re.compile(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+")
# One segment: API Gateway accepts a longer base path only in another kind of mapping.
_BASE_PATH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class CustomDomain:
    """A domain name under which a stage's API is called.

    Attributes:
        name: Such as `risk.example.com`.
        certificate_arn: ACM certificate for that name, in the region of the stage.
        base_path: First segment of the path that leads to this API; empty: the domain has no other API.
    """

    name: str
    certificate_arn: str
    base_path: str = ""

    @property
    def url(self) -> str:
        """Return the base URL of the API, ending in a slash."""
        return f"https://{self.name}/{self.base_path}{'/' if self.base_path else ''}"


def custom_domain(given: Mapping[str, str | None]) -> CustomDomain | None:
    """Return the domain that the texts describe, or None if no name is given.

    Args:
        given: Texts by the names of `DOMAIN_KEYS`; an empty text counts as absent.

    Raises:
        ValueError: A text is malformed, or another text that it needs is missing.
    """
    name, certificate_arn, base_path = (given.get(key) or "" for key in DOMAIN_KEYS)
    if not name and not certificate_arn and not base_path:
        return None
    if not name:
        raise ValueError("domain_name is missing: certificate_arn and base_path belong to a custom domain")
    if not _NAME.fullmatch(name):
        raise ValueError(f"domain_name {name!r}: give a name in lower case such as risk.example.com")
    if not _CERTIFICATE.fullmatch(certificate_arn):
        raise ValueError(
            f"certificate_arn {certificate_arn!r}: give the ARN of an ACM certificate for {name} in the region of the "
            "stage, such as arn:aws:acm:eu-central-1:111122223333:certificate/0123-4567"
        )
    if base_path and not _BASE_PATH.fullmatch(base_path):
        raise ValueError(f"base_path {base_path!r}: give one path segment without slashes, such as risk")
    return CustomDomain(name, certificate_arn, base_path)
