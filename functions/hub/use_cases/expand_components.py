"""Expand a snapshot's references: verified content inline, or a download URL if it would not fit."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from functions.hub.ports import BlobError, BlobStore
from risk_hub_contracts.base.limits import RESPONSE_MAX_BYTES
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobFormatError, BlobKind, Decoded, RealizedReturns
from risk_hub_contracts.snapshot.blob_content import check_header, check_numbers
from risk_hub_contracts.snapshot.request import KINDS, REF_FIELDS
from risk_hub_contracts.snapshot.type import with_dates

# A float64 of 8 bytes takes up to 24 characters and a comma as JSON text.
TEXT_EXPANSION = 25 / 8


@dataclass(frozen=True, slots=True)
class ExpandComponents:
    """Resolve the references of one answer."""

    blobs: BlobStore

    def too_large(self, answer: Mapping[str, Any], answer_bytes: int) -> AbstractSet[BlobKind]:
        """Return the kinds of the referenced components that do not fit in the answer, without reading them.

        Args:
            answer: the snapshot in the reader's view.
            answer_bytes: its size as JSON text before expansion, in bytes.
        """
        too_large: set[BlobKind] = set()
        room_bytes = RESPONSE_MAX_BYTES - answer_bytes
        for kind in KINDS:
            if (raw := answer.get(REF_FIELDS[kind])) is None:
                continue
            needed_bytes = int((raw.get("bytes") or RESPONSE_MAX_BYTES) * TEXT_EXPANSION)
            if needed_bytes > room_bytes:
                too_large.add(kind)
            else:
                room_bytes -= needed_bytes
        return too_large

    def __call__(self, answer: Mapping[str, Any], too_large: AbstractSet[BlobKind]) -> dict[str, Any]:
        """Return the answer with a download URL for each large reference and the others' content inline.

        Raises:
            BlobError: a blob is missing, its digest differs, or the answer's schema does not allow its
                content. No content is returned then (INV-06).
            DependencyUnavailableError: the blob store did not answer.
        """
        expanded = dict(answer)
        for kind in KINDS:
            if (raw := answer.get(REF_FIELDS[kind])) is None:
                continue
            ref = BlobRef.model_validate({"bytes": None, **raw})
            if kind in too_large:
                expanded[REF_FIELDS[kind]] = {**raw, "download_url": self.blobs.download_url(ref)}
            else:
                del expanded[REF_FIELDS[kind]]
                decoded = _decode_and_check(kind, ref, self.blobs.load(ref))
                expanded[kind] = decoded.document()
                if isinstance(decoded, RealizedReturns) and decoded.dates is not None:
                    expanded |= with_dates(answer, decoded.dates)
        return expanded


def _decode_and_check(kind: BlobKind, ref: BlobRef, data: bytes) -> Decoded:
    """Return the content of the bytes if it is of this kind and valid by the contract; or raise BlobError."""
    try:
        decoded = decode(data)
        check_header(decoded)
        check_numbers(decoded)
    except BlobFormatError as error:
        raise BlobError(ref, f"the blob is malformed: {error}") from error
    for where, found in (("reference", ref.kind), ("blob", decoded.kind)):
        if found != kind:
            raise BlobError(ref, f"the {where} in {REF_FIELDS[kind]} is of kind {found}, not {kind}")
    return decoded
