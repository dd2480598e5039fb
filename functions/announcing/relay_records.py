"""Relay stream records: announce the readable ones and move the others to the failure queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.announcing.announce_commits import AnnounceCommits, Commit
from functions.announcing.ports import FailureQueue
from functions.hub.ports import DependencyUnavailableError

StreamRecord = dict[str, Any]


class RecordDecoder(Protocol):
    """Read commits from stream records."""

    def commit(self, record: StreamRecord) -> Commit | None:
        """Return the committed record of a new item, None for any other change.

        Any error means that the record is unreadable.
        """


@dataclass(frozen=True, slots=True)
class RelayResult:
    """Result of one batch.

    Attributes:
        announced: commits whose events the bus took.
        isolated: unreadable records that were moved to the failure queue.
    """

    announced: int
    isolated: int


@dataclass(frozen=True, slots=True)
class RelayRecords:
    """Turn one batch of stream records into announcements."""

    decoder: RecordDecoder
    announce: AnnounceCommits
    failures: FailureQueue

    def __call__(self, records: Sequence[StreamRecord]) -> RelayResult:
        """Announce the batch.

        Raises:
            DependencyUnavailableError: a dependency is down; the whole batch must be delivered again (INV-04).
        """
        commits: list[Commit] = []
        isolated = 0
        for record in records:
            try:
                commit = self.decoder.commit(record)
            except DependencyUnavailableError:
                raise
            except Exception as error:  # noqa: BLE001  (an invalid record may raise any error; the others continue)
                self.failures.isolate(record, f"{type(error).__name__}: {error}")
                isolated += 1
            else:
                commits += [] if commit is None else [commit]
        self.announce(commits)
        return RelayResult(len(commits), isolated)
