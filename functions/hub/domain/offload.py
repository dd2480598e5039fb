"""Selection of the snapshot parts to move to the blob store."""

from dataclasses import dataclass

from risk_hub_contracts.snapshot.parse import Part, Snapshot


@dataclass(frozen=True, slots=True)
class OffloadPolicy:
    """The one threshold that producer and hub share.

    Attributes:
        enabled: whether the deployment stage offloads at all.
        inline_threshold_entries: the greatest number of matrix entries, points or scenario values that stays
            inline.
    """

    enabled: bool
    inline_threshold_entries: int

    def parts_to_offload(self, snapshot: Snapshot) -> tuple[Part, ...]:
        """Return the inline parts that are larger than the threshold."""
        if not self.enabled:
            return ()
        return tuple(
            part
            for part in snapshot.parts
            if part.blob is not None and part.entries > self.inline_threshold_entries
        )
