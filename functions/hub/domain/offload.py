"""Selection of the components to move to the blob store."""

from dataclasses import dataclass

from risk_hub_contracts.base.limits import INLINE_RETURNS_MAX_BYTES
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.snapshot.parse import Component, Snapshot


@dataclass(frozen=True, slots=True)
class OffloadPolicy:
    """The one threshold that producer and hub share.

    Attributes:
        enabled: whether the deployment stage offloads at all.
        inline_threshold_entries: the greatest number of matrix entries, points or scenario values that stays
            inline.
        inline_returns_max_bytes: returns up to this size stay inline, whatever their number of points. An
            object and its claim cost as much as 9 write units (ADR-0054).
    """

    enabled: bool
    inline_threshold_entries: int
    inline_returns_max_bytes: int = INLINE_RETURNS_MAX_BYTES

    def components_to_offload(self, snapshot: Snapshot) -> tuple[Component, ...]:
        """Return the inline components that are larger than the threshold, without short returns."""
        if not self.enabled:
            return ()
        return tuple(
            component
            for component in snapshot.components
            if component.blob is not None
            and component.entries > self.inline_threshold_entries
            and not self._are_short_returns(component.kind, component.blob)
        )

    def _are_short_returns(self, kind: BlobKind, blob: bytes) -> bool:
        return kind == "realized_returns" and len(blob) <= self.inline_returns_max_bytes
