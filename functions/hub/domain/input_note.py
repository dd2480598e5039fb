"""What the hub remembers of an input that came by reference: since when it is used, and the verdict on a covariance.

A blob is named by the digest of its bytes, so what was found out about it once stays true.
"""

from dataclasses import dataclass

VERDICT_VERSION = "1"
"""Part of the key: an engine that judges otherwise must not find the verdict of another."""
COVARIANCE_NOTE = "psd"
RETURNS_NOTE = "seen"
NOTE_PREFIXES = (f"{COVARIANCE_NOTE}/", f"{RETURNS_NOTE}/")


@dataclass(frozen=True, slots=True)
class InputNote:
    """One note.

    Attributes:
        first_as_of: `as_of` of the first snapshot whose evaluation used the bytes, RFC 3339 UTC.
        reason: why a covariance is none; None when it is one, and for other inputs.
        margin: least eigenvalue over trace; None where none was found.
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
