"""Expand a snapshot's references in the answer: verified bytes inline, or a download URL where they would not fit."""

from dataclasses import dataclass
from typing import Any

from functions.hub.ports import BlobStore
from risk_hub_contracts.blob import BlobKind, decode
from risk_hub_contracts.limits import RESPONSE_MAX_BYTES
from risk_hub_contracts.refs import BlobRef

KINDS: tuple[BlobKind, ...] = ("covariance", "realized_returns", "stress")
# A float64 of 8 bytes takes up to 24 characters and a comma as JSON text.
TEXT_EXPANSION = 25 / 8


@dataclass(frozen=True, slots=True)
class ExpandParts:
    """Resolves the references of one answer."""

    blobs: BlobStore

    def __call__(self, answer: dict[str, Any], answer_bytes: int) -> dict[str, Any]:
        """Return the answer with every reference that fits replaced by its content.

        Args:
            answer: the snapshot as a reader is shown it.
            answer_bytes: its size as JSON text before expansion, in bytes.

        Raises:
            BlobError: a blob is missing or its digest differs; nothing is shown of it (INV-06).
        """
        expanded = dict(answer)
        room_bytes = RESPONSE_MAX_BYTES - answer_bytes
        for kind in KINDS:
            if (raw := answer.get(f"{kind}_ref")) is None:
                continue
            ref = BlobRef.model_validate({"bytes": None, **raw})
            needed_bytes = int((ref.bytes or RESPONSE_MAX_BYTES) * TEXT_EXPANSION)
            if needed_bytes > room_bytes:
                expanded[f"{kind}_ref"] = {**raw, "download_url": self.blobs.download_url(ref)}
                continue
            room_bytes -= needed_bytes
            del expanded[f"{kind}_ref"]
            expanded[kind] = decode(self.blobs.load(ref)).document()
        return expanded
