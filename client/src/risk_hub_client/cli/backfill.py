"""`backfill`: publish many snapshots, oldest first; a second run continues where the first stopped."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from risk_hub_client import (
    ConflictError,
    DeniedError,
    InvalidSnapshotError,
    NotFoundError,
    Publication,
    RefusedError,
    RiskHubClient,
    StoredSnapshot,
    WorldFullError,
)
from risk_hub_client.cli.backfill_items import Item, read_items
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_error, print_line, progress_bar
from risk_hub_client.cli.session import REFUSED, Url, error_text, open_client
from risk_hub_client.regular_files import require_regular_file

JOURNAL_SUFFIX: Final = ".backfill-done"
# History gets the shortest ttl that the contract allows, not that of its file, so that it never outlives
# newer snapshots as the latest. The value is constant, so that a repeated run publishes the same content.
HISTORY_TTL_SECONDS: Final = 1
# Allowance for the time until the hub reads its clock.
MARGIN: Final = timedelta(seconds=HISTORY_TTL_SECONDS + 5)


@dataclass(slots=True)
class BackfillSummary:
    """Counts of a run.

    Attributes:
        created: snapshots stored by this run.
        replayed: snapshots that the hub had already.
        skipped: snapshots that an earlier run has published.
        held: snapshots that would have moved the latest one backwards, with the reason.
        refused: snapshots that violate the contract or that the hub refused, with the reason.
        unreadable: files or lines that are not snapshots, with the reason.
    """

    created: int = 0
    replayed: int = 0
    skipped: int = 0
    held: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(backfill)


def backfill(
    source: Annotated[
        Path, typer.Argument(help="A folder of JSON files, one such file, or JSON Lines.", exists=True)
    ],
    world: Annotated[str | None, typer.Option(help="The world's id, if the snapshots name none.")] = None,
    actor: Annotated[str | None, typer.Option(help="The actor, if the files name none.")] = None,
    stage: Annotated[str | None, typer.Option(help="The stage, if the files name none.")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="The journal of published snapshots (default SOURCE.backfill-done).")
    ] = None,
    url: Url = None,
    *,
    even_if_latest: Annotated[
        bool,
        typer.Option(
            "--even-if-latest", help="Keep every ttl_sec, and publish snapshots that would be held back."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Publish history, oldest as_of first; after a failure, a second run continues.

    Each gets `provenance.source` = backfill: the hub evaluates it as history, without exit signals. The latest
    snapshot never goes back in time: one older than the world's newest, or than another of this run, is stored
    with a ttl of one second, and held back if the newer one has expired or soon will. A file that cannot be read
    is reported, and the others are published. Status 1 if one was refused, held or unreadable.
    """
    if not source.is_dir():
        require_regular_file(source)
    source = source.resolve()
    summary = BackfillSummary()
    items = read_items(source, {"world": world, "actor": actor, "stage": stage}, summary.unreadable)
    done = Journal(journal or source.with_name(source.name + JOURNAL_SUFFIX))
    with open_client(url) as client, progress_bar(source.name, len(items), quiet=json) as shown:
        latest = None if even_if_latest else NewestSnapshots(client, items)
        for number, item in enumerate(items, 1):
            _publish_one(client, item, done, summary, latest)
            shown.show(number, f"{number} of {len(items)}")
    _print_summary(summary, json=json)
    if summary.refused or summary.held or summary.unreadable:
        raise typer.Exit(REFUSED)


def _print_summary(summary: BackfillSummary, *, json: bool) -> None:
    if json:
        print_document(asdict(summary))
        return
    counts = f"{summary.created} created, {summary.replayed} replayed, {summary.skipped} already done"
    unreadable = f", {len(summary.unreadable)} unreadable" if summary.unreadable else ""
    print_line(f"{counts}, {len(summary.held)} held back, {len(summary.refused)} refused{unreadable}")
    for reason in (*summary.held, *summary.refused, *summary.unreadable):
        print_error(reason)


def _publish_one(
    client: RiskHubClient,
    item: Item,
    done: "Journal",
    summary: BackfillSummary,
    latest: "NewestSnapshots | None",
) -> None:
    found = item.found
    key = item.key(client.settings.url)
    if key in done.keys:
        summary.skipped += 1
        return
    try:
        if latest is not None and latest.would_move_latest_back(item):
            summary.held.append(
                f"{item.place}: a newer snapshot of {found.world_id} has expired or expires soon, "
                "so this one would become latest"
            )
            return
        published = (
            _publish(client, item, found.document) if latest is None else _publish_once(client, item, latest)
        )
    except (DeniedError, WorldFullError):
        raise
    except (RefusedError, InvalidSnapshotError) as error:
        summary.refused.append(f"{item.place}: {error_text(error)}")
        return
    summary.created += published.outcome == "created"
    summary.replayed += published.outcome == "replayed"
    done.add(key)


def _publish_once(client: RiskHubClient, item: Item, latest: "NewestSnapshots") -> Publication:
    """Publish with the ttl that applies now; a version that an earlier run stored with the other ttl is a replay."""
    whole = item.found.document
    short = {**whole, "ttl_sec": HISTORY_TTL_SECONDS}
    document, other = (short, whole) if latest.is_history(item) else (whole, short)
    try:
        return _publish(client, item, document)
    except ConflictError as conflict:
        try:
            return _publish(client, item, other)
        except ConflictError:
            raise conflict from None


def _publish(client: RiskHubClient, item: Item, document: dict[str, Any]) -> Publication:
    return client.publish(item.found.world_id, document, actor=item.found.actor, stage=item.found.stage)


class NewestSnapshots:
    """The newest snapshot of each world, overall and as filtered by stage, actor, or both."""

    def __init__(self, client: RiskHubClient, items: Sequence[Item]) -> None:
        self._client = client
        self._newest: dict[tuple[str, str | None, str | None], StoredSnapshot | None] = {}
        self._last = {item.found.world_id: item.as_of for item in sorted(items, key=lambda item: item.as_of)}

    def is_history(self, item: Item) -> bool:
        """Return whether the world has a newer snapshot, or gets one in this run."""
        newest = self._newest_of(item, None, None)
        return self._is_followed(item) or (newest is not None and newest.as_of > item.as_of)

    def would_move_latest_back(self, item: Item) -> bool:
        """Return whether this snapshot would replace a newer one as the latest snapshot of some reader."""
        stages, actors = {item.found.stage and item.found.stage.lower(), None}, {item.found.actor, None}
        views = [self._newest_of(item, stage, actor) for stage in stages for actor in actors]
        return any(
            newest is not None and newest.as_of > item.as_of and self._expires_soon(newest)
            for newest in views
        )

    def _is_followed(self, item: Item) -> bool:
        return self._last[item.found.world_id] > item.as_of

    def _expires_soon(self, snapshot: StoredSnapshot) -> bool:
        return snapshot.expires_at <= self._client.memory.now() + MARGIN

    def _newest_of(self, item: Item, stage: str | None, actor: str | None) -> StoredSnapshot | None:
        view = (item.found.world_id, stage, actor)
        known = self._newest.get(view)
        # If the ttl is kept, the latest snapshot is read again: a newer one may have arrived since.
        if known is None or self._expires_soon(known) or not self._is_followed(item):
            found = self._client.list(view[0], stage=stage, actor=actor, include_expired=True)
            try:
                known = next(found, None)
            except NotFoundError:
                known = None
            self._newest[view] = known
        return known


class Journal:
    """The keys of the published snapshots, one per line, each appended after its answer."""

    def __init__(self, file: Path) -> None:
        """Open the journal, or create it, before anything is sent.

        Raises:
            NotARegularFileError: it is a named pipe, a folder, a socket, or a device other than the null device.
            OSError: it cannot be written.
            BadParameter: it is not a text file.
        """
        self._file = file
        if file.exists() and not file.samefile(os.devnull):  # the null device means that no journal is kept
            require_regular_file(file)
        file.open("ab").close()
        try:
            self.keys = set(file.read_text(encoding="utf-8").splitlines())
        except UnicodeDecodeError:
            raise typer.BadParameter(
                f"{file} is not a backfill journal: give another file with --journal"
            ) from None

    def add(self, key: str) -> None:
        """Record a snapshot as done."""
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(key + "\n")
