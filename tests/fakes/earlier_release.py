"""The writer of release 1.0.0, which did not read the blobs to which a snapshot refers."""

from functions.hub.use_cases.publish_snapshot import PublishSnapshot
from risk_hub_contracts.snapshot.parse import Snapshot


class PublishWithoutBlobChecks(PublishSnapshot):
    """Store snapshots with any blobs, so that tests can show how the engines handle stored invalid ones."""

    def _with_verified_refs(self, snapshot: Snapshot) -> Snapshot:
        refs = {}
        for component in snapshot.components:
            if component.ref is not None:
                stat = self.blobs.stat(component.ref)
                assert stat is not None
                refs[component.kind] = component.ref.model_copy(update={"bytes": stat.size_bytes})
        return snapshot.with_refs(refs) if refs else snapshot
