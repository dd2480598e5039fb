"""The list entry of a run: the only row of a run that is replaced, together with each appended item."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

from functions.hub.domain.ordering import INSTANT, SEPARATOR
from risk_hub_contracts.runs.chain import ChainHead
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.run_key import RunKey

DIGEST_CHARS: Final = 16
RUN_ORDER: Final = re.compile(rf"{INSTANT}\|[0-9a-f]{{{DIGEST_CHARS}}}")
"""The form of every key of `order`."""


def snapshot_key(version: str, content_hash: str) -> str:
    """Return the text that names a snapshot within its world; neither part contains the separator."""
    return f"{version}/{content_hash}"


@dataclass(frozen=True, slots=True)
class RunHead:
    """The entry of a run in a list. It follows from the run's items, so it can be computed again.

    Attributes:
        sequence: the sequence of the last item.
        sha256: the digest of the last item.
        status: the summary status after the last item.
        snapshot: the snapshot that the run was computed from, as `snapshot_key` names it.
    """

    key: RunKey
    sequence: int
    sha256: str
    stage: str
    status: str
    created_at: str
    updated_at: str
    snapshot: str | None = None

    @classmethod
    def of(cls, run: EvaluationRun) -> Self:
        """Return the list entry of a record."""
        used = run.snapshot
        return cls(
            key=run.key,
            sequence=run.sequence,
            sha256=run.sha256,
            stage=run.stage,
            status=run.status,
            created_at=run.created_at,
            updated_at=run.updated_at,
            snapshot=None if used is None else snapshot_key(used.version, used.content_hash),
        )

    @property
    def order(self) -> str:
        """Return the key that orders the runs of a list: by creation, then by a digest of the run's key.

        It does not change with later items, so a cursor stays valid.
        """
        digest = hashlib.sha256(self.key.text.encode()).hexdigest()[:DIGEST_CHARS]
        return SEPARATOR.join((self.created_at, digest))

    @property
    def chain_head(self) -> ChainHead:
        """Return the head of the chain that the entry states."""
        return ChainHead(self.key.text, self.sequence, self.sha256)
