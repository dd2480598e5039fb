"""The table of release 1.0 during the rehearsal: its copies, and what was announced before and after them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from infra.functions import WORKER_EVENTS
from infra.local.aws import LocalAws
from infra.names import queue_name
from infra.ops.operate.copy_command import CopyRequest, copy_old_snapshots, copy_pages, tables_of
from infra.ops.operate.old_snapshots import PAGE_MAX_ITEMS, SnapshotTables, path
from infra.ops.operate.queue_list import message_counts, queue_url
from infra.ops.operate.rate_limiter import RATE_MAX_PER_SECOND
from tools.faults.effect_observer import STAGE, EffectObserver

QUIET_SECONDS = 5.0
DEADLINE_SECONDS = 180.0
POLL_SECONDS = 0.5
REQUEST = CopyRequest(STAGE, after=None, rate=RATE_MAX_PER_SECOND, dry_run=False, json=False)


@dataclass
class CopiesOfOldTable:
    """Run the operator's copy.

    Attributes:
        puts: number of copies that each run put.
    """

    aws: LocalAws
    puts: list[int] = field(default_factory=list)

    def copy_under_traffic(self) -> None:
        """Copy while the release still writes; a comparison would find what it wrote meanwhile."""
        self.puts.append(copy_pages(self._tables(), REQUEST))

    def copy_all(self) -> None:
        """Copy and compare both tables.

        Raises:
            OperateError: the new table lacks a snapshot of the old one.
        """
        self.puts.append(copy_old_snapshots(REQUEST, self.aws).put)

    def snapshots(self) -> set[str]:
        """Return `world/version` of each snapshot in the old table."""
        pages = self._tables().pages(None, PAGE_MAX_ITEMS, datetime.now(UTC))
        return {path(pair.old) for page in pages for pair in page}

    def _tables(self) -> SnapshotTables:
        return tables_of(self.aws, STAGE)


def waiting_messages(aws: LocalAws) -> int:
    """Return how many messages wait in the workers' queues or are being processed."""
    sqs = aws.client("sqs")
    return sum(
        sum(message_counts(sqs, queue_url(sqs, queue_name(STAGE, worker))).values())
        for worker in WORKER_EVENTS
    )


@dataclass
class Announcements:
    """Compare the announcements before and after an upgrade.

    Attributes:
        again: snapshots of the release that this tree announced again.
        repeated_by_release: snapshots that the rolled-back release announced again.
    """

    observer: EffectObserver
    again: list[str] = field(default_factory=list)
    repeated_by_release: int = 0
    _before: dict[str, int] = field(default_factory=dict)

    def begin(self, stored: set[str], waiting: Callable[[], int]) -> None:
        """Wait until the release has announced all snapshots of its table and its workers are idle; keep the counts.

        Args:
            stored: the snapshots, as `world/version`.
            waiting: returns the number of messages in the workers' queues.

        Raises:
            RuntimeError: it did not come to rest within `DEADLINE_SECONDS`.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        quiet_since, seen = time.monotonic(), -1
        while time.monotonic() - quiet_since < QUIET_SECONDS:
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"{waiting()} messages wait; not announced: {sorted(stored - set(self.observer.announced))}"
                )
            time.sleep(POLL_SECONDS)
            if self._counted() != seen or waiting() or stored - set(self.observer.announced):
                quiet_since, seen = time.monotonic(), self._counted()
        self.repeated_by_release += self._increased()
        self._before = dict(self.observer.announced)

    def end(self) -> None:
        """Add the snapshots that were announced again since `begin`, and count from here."""
        self.again += [name for name, times in self._before.items() if self.observer.announced[name] > times]
        self._before = dict(self.observer.announced)

    def _increased(self) -> int:
        return sum(self.observer.announced[name] > times for name, times in self._before.items())

    def _counted(self) -> int:
        return sum(self.observer.announced.values())
