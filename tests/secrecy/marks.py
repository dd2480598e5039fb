"""Secrets in every form in which they could be written."""

import base64
from collections.abc import Iterable
from urllib.parse import quote, quote_plus


def forms(secret: str) -> set[str]:
    """Return the secret in plain form, in a URL, in nested JSON, and in base64, without its last characters."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")[:-2]
    escaped = secret.replace("/", "\\/")
    return {secret, quote(secret, safe=""), quote_plus(secret), escaped, encoded}


def found(text: str, secrets: Iterable[str]) -> set[str]:
    """Return those secrets that can be read in a text."""
    return {secret for secret in secrets if any(form in text for form in forms(secret))}
