"""Claim blobs before a snapshot or an upload relies on them, so that the reaper keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from functions.hub.blob_ports import BlobClaims
from functions.hub.domain.blob_marks import CLAIM_MARGIN, Claim
from risk_hub_contracts.base.problems import UNAVAILABLE, ProblemError


@dataclass(frozen=True, slots=True)
class ClaimBlobs:
    """Claim first, then check for deletion leases; the reaper does the reverse, so one sees the other."""

    marks: BlobClaims

    def __call__(self, world_id: str, digests: Iterable[str], claim: Claim, needed_until: datetime) -> None:
        """Claim the blobs of these digests, whether they exist or not.

        Raises:
            ProblemError: `unavailable` while the reaper removes one of them; the same request may be sent
                again.
            DependencyUnavailableError: the store of the marks did not answer.
        """
        claimed = list(digests)
        for sha256 in claimed:
            self.marks.claim(world_id, sha256, claim, needed_until + CLAIM_MARGIN)
        for sha256 in claimed:
            if self.marks.is_leased(world_id, sha256, claim.at):
                raise ProblemError(
                    UNAVAILABLE,
                    f"blob {sha256} is being removed because no snapshot refers to it; send the same request "
                    "again, and upload the blob again if the answer reports it missing",
                )
