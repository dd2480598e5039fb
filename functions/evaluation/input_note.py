"""Notes on an input that came by reference: its first use, and the verdict on a covariance.

A blob is named by the digest of its bytes, so a result about its content stays true.
"""

from dataclasses import dataclass

VERDICT_VERSION = "1"
"""Part of the key: an engine with other rules must not reuse the verdict."""
COVARIANCE_NOTE = "psd"
RETURNS_NOTE = "seen"
NOTE_PREFIXES = (f"{COVARIANCE_NOTE}/", f"{RETURNS_NOTE}/")


@dataclass(frozen=True, slots=True)
class InputNote:
    """What is known about one input that a snapshot sends by reference, stored once for all snapshots.

    Attributes:
        first_as_of: `as_of` of the first snapshot whose evaluation used the bytes, RFC 3339 UTC.
        reason: why a covariance is not valid; None when it is valid, and for other inputs.
        margin: least eigenvalue over trace; None if not computed.
    """

    first_as_of: str
    reason: str | None = None
    margin: float | None = None


def covariance_note_id(sha256: str) -> str:
    """Return the key of the note on a covariance blob: `psd/<sha256>/<verdict version>`."""
    return f"{COVARIANCE_NOTE}/{sha256}/{VERDICT_VERSION}"


def returns_note_id(sha256: str) -> str:
    """Return the key of the note on a blob of realised returns: `seen/<sha256>`."""
    return f"{RETURNS_NOTE}/{sha256}"
