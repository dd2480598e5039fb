"""The large components of a snapshot (covariance, realised returns, stress), inline or by reference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast

from pydantic import JsonValue

from risk_hub_contracts.base.canonical import sha256_hex
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobKind, RealizedReturns
from risk_hub_contracts.blob.write import encode_covariance, encode_factor, encode_returns, encode_stress


@dataclass(frozen=True, slots=True)
class Component:
    """One large component.

    Attributes:
        kind: covariance, realized_returns or stress.
        sha256: hex digest of the canonical blob: the leaf of the content hash, and its name in the store.
        entries: the size compared with the inline threshold: n x n matrix entries, points of returns,
            scenarios; 0 when by reference.
        blob: the canonical bytes when inline.
        ref: the reference when by reference.
        dates: the dates of dated inline returns; otherwise None.
    """

    kind: BlobKind
    sha256: str
    entries: int
    blob: bytes | None
    ref: BlobRef | None
    dates: tuple[str, ...] | None = None

    @property
    def document(self) -> JsonValue | None:
        """The normalised JSON form when inline, read from the blob.

        Covariance is `{"ids", "upper"}` (or `factors` and `specific`), returns a map or a list, stress a map.
        """
        return None if self.blob is None else cast("JsonValue", decode(self.blob).document())

    @classmethod
    def from_blob(cls, data: bytes) -> Self:
        """Build the inline component from a blob.

        Raises:
            BlobFormatError: the bytes are not a blob.
        """
        decoded = decode(data)
        dates = decoded.dates if isinstance(decoded, RealizedReturns) else None
        return cls(decoded.kind, sha256_hex(data), decoded.entries, data, None, dates)

    @classmethod
    def from_ref(cls, ref: BlobRef) -> Self:
        """Build the component from a reference."""
        return cls(ref.kind, ref.sha256, 0, None, ref)

    @classmethod
    def from_document(
        cls,
        kind: BlobKind,
        document: Any,  # noqa: ANN401 - any JSON form of the kind
        dates: Sequence[str] | None = None,
    ) -> Self:
        """Build the inline component from a normalised JSON form.

        Args:
            kind: of the component.
            document: its JSON form.
            dates: of its periods; only for returns.

        Raises:
            BlobFormatError: the document has no canonical blob.
        """
        if dates is not None:
            return cls.from_blob(encode_returns(document, dates))
        return cls.from_blob(_ENCODERS[kind](document))

    def inline_blob(self) -> bytes:
        """Return the canonical bytes of an inline component.

        Raises:
            ValueError: the component is given by reference.
        """
        if self.blob is None:
            raise ValueError(f"{self.kind} is given by reference; load {self.sha256} from the blob store")
        return self.blob

    def stored(self) -> tuple[str, JsonValue]:
        """Return the field of the snapshot document, and its value."""
        if self.ref is not None:
            return f"{self.kind}_ref", self.ref.document()
        return self.kind, self.document


def covariance_component(ids: Sequence[str], upper: Sequence[float]) -> Component:
    """Build the inline component from a packed upper triangle, without reading it back."""
    data = encode_covariance(ids, upper)
    return Component("covariance", sha256_hex(data), len(ids) ** 2, data, None)


def _encode_covariance(document: Mapping[str, Any]) -> bytes:
    if "upper" in document:
        return encode_covariance(document["ids"], document["upper"])
    return encode_factor(document["ids"], document["factors"], document["specific"])


_ENCODERS: Final[dict[BlobKind, Callable[[Any], bytes]]] = {
    "covariance": _encode_covariance,
    "realized_returns": encode_returns,
    "stress": encode_stress,
}
