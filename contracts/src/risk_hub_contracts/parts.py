"""The large parts of a snapshot (covariance, realised returns, stress): inline or by reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, cast

from pydantic import JsonValue

from risk_hub_contracts import blob
from risk_hub_contracts.blob_types import BlobKind, Covariance, Decoded, RealizedReturns
from risk_hub_contracts.refs import BlobRef


@dataclass(frozen=True, slots=True)
class Part:
    """One large part.

    Attributes:
        kind: which of the three.
        sha256: hex digest of the canonical blob: the leaf of the content hash, its name in the store.
        entries: what the inline threshold is compared with: n x n matrix entries, points of returns,
            scenarios; 0 when by reference.
        blob: the canonical bytes when inline.
        document: the normalised JSON form when inline: covariance `{"ids", "upper"}`, returns as a map or
            a list, stress as a map.
        ref: the reference when by reference.
    """

    kind: BlobKind
    sha256: str
    entries: int
    blob: bytes | None
    document: JsonValue | None
    ref: BlobRef | None

    @classmethod
    def from_blob(cls, data: bytes) -> Self:
        """Return the inline part that a blob holds.

        Raises:
            BlobFormatError: the bytes are no blob.
        """
        decoded = blob.decode(data)
        document = cast("JsonValue", decoded.document())
        return cls(_kind(decoded), blob.digest(data), _entries(decoded), data, document, None)

    @classmethod
    def from_ref(cls, ref: BlobRef) -> Self:
        """Return the part that a reference stands for."""
        return cls(ref.kind, ref.sha256, 0, None, None, ref)

    @classmethod
    def from_document(cls, kind: BlobKind, document: Any) -> Self:  # noqa: ANN401 - any JSON form of the kind
        """Return the inline part of a normalised JSON form.

        Raises:
            BlobFormatError: it has no canonical blob.
        """
        return cls.from_blob(_ENCODERS[kind](document))

    def stored(self) -> tuple[str, JsonValue]:
        """Return the field of the snapshot document, and its value."""
        if self.ref is not None:
            return f"{self.kind}_ref", self.ref.document()
        return self.kind, self.document


def _kind(decoded: Decoded) -> BlobKind:
    if isinstance(decoded, Covariance):
        return "covariance"
    return "realized_returns" if isinstance(decoded, RealizedReturns) else "stress"


def _entries(decoded: Decoded) -> int:
    if isinstance(decoded, Covariance):
        return len(decoded.ids) ** 2
    return sum(decoded.lengths) if isinstance(decoded, RealizedReturns) else len(decoded.scenarios)


def _encode_covariance(document: Mapping[str, Any]) -> bytes:
    if "upper" in document:
        return blob.encode_covariance(document["ids"], document["upper"])
    return blob.encode_factor(document["ids"], document["factors"], document["specific"])


_ENCODERS: Final[dict[BlobKind, Callable[[Any], bytes]]] = {
    "covariance": _encode_covariance,
    "realized_returns": blob.encode_returns,
    "stress": blob.encode_stress,
}
