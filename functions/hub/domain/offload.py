"""Selection of the components to move to the blob store."""

from dataclasses import dataclass

from risk_hub_contracts.snapshot.parse import Component, Snapshot


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

    def components_to_offload(self, snapshot: Snapshot) -> tuple[Component, ...]:
        """Return the inline components that are larger than the threshold."""
        if not self.enabled:
            return ()
        return tuple(
            component
            for component in snapshot.components
            if component.blob is not None and component.entries > self.inline_threshold_entries
        )
