"""`publish`, `latest`, `lookup`, `list`, `contract`: commands on snapshots and the served contract."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from risk_hub_client import StoredSnapshot
from risk_hub_client.cache import ClientCache
from risk_hub_client.cli.empty_list import ListRequest, hint
from risk_hub_client.cli.existence_checks import require_world
from risk_hub_client.cli.input_files import check_input_exists, input_name
from risk_hub_client.cli.options import (
    LISTED_MAX_COUNT,
    Expired,
    Json,
    KnownAt,
    OldestFirst,
    OnlyActor,
    OnlyStage,
    check_period,
)
from risk_hub_client.cli.screen import print_document, print_line, progress_bar
from risk_hub_client.cli.session import Url, open_client
from risk_hub_client.cli.snapshot_file import SnapshotFile, errors_in
from risk_hub_client.prepare import Producer, prepare
from risk_hub_contracts.base.limits import INLINE_COV_THRESHOLD_DEFAULT_ENTRIES
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.times import format_instant

World = Annotated[str, typer.Option(help="The world's id.")]
OptionalWorld = Annotated[str | None, typer.Option(help="The world's id, if the file names none.")]
Actor = Annotated[str | None, typer.Option(help="The actor, if the file names none.")]
Stage = Annotated[str | None, typer.Option(help="The stage, if the file names none.")]
BlobFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="This component as an rsh1 file.")
]
TABLE_MIN_CHARS: Final = 100


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (publish, latest, lookup, contract):
        app.command()(command)
    app.command("list")(list_snapshots)


def publish(
    file: Annotated[
        Path,
        typer.Argument(help="A snapshot as JSON; - reads stdin.", callback=check_input_exists),
    ],
    world: OptionalWorld = None,
    actor: Actor = None,
    stage: Stage = None,
    covariance: BlobFile = None,
    realized_returns: BlobFile = None,
    stress: BlobFile = None,
    url: Url = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate and hash; send nothing.")] = False,
    json: Json = False,
) -> None:
    """Publish a snapshot; the same file again is answered as a replay."""
    found = SnapshotFile.open(file, {"world": world, "actor": actor, "stage": stage})
    components = {"covariance": covariance, "realized_returns": realized_returns, "stress": stress}
    document = found.document | {name: path for name, path in components.items() if path is not None}
    if dry_run:
        with errors_in(file):
            _print_dry_run(found, document, json=json)
        return
    with (
        errors_in(file),
        open_client(url, actor=found.actor, stage=found.stage) as client,
        progress_bar(input_name(file).name, 1.0, quiet=json) as shown,
    ):
        done = client.publish(
            found.world_id,
            document,
            progress=lambda sent, total: shown.show(sent / total, f"{sent:,} of {total:,} bytes"),
        )
    if json:
        print_document(done.to_document())
    else:
        print_line(f"{done.outcome}: {done.world_id} {done.version} {done.content_hash}")


def _print_dry_run(found: SnapshotFile, document: dict[str, Any], *, json: bool) -> None:
    prepared = prepare(
        found.world_id,
        document,
        Producer.of(found.actor, found.stage),
        now=ClientCache().now(),
        inline_max_entries=INLINE_COV_THRESHOLD_DEFAULT_ENTRIES,
    )
    snapshot = prepared.snapshot
    uploads = {kind: blob.size_bytes for kind, blob in prepared.blobs.items()}
    if json:
        facts = {"world_id": snapshot.world_id, "version": snapshot.version}
        print_document(
            {"outcome": "valid", **facts, "content_hash": snapshot.content_hash, "uploads": uploads}
        )
        return
    large = "".join(f", {kind} as a blob ({size:,} bytes)" for kind, size in uploads.items())
    print_line(f"valid, not sent: {snapshot.world_id} {snapshot.version} {snapshot.content_hash}{large}")


def latest(
    world: World,
    stage: OnlyStage = None,
    actor: OnlyActor = None,
    known_at: KnownAt = None,
    url: Url = None,
    *,
    include_expired: Expired = False,
    json: Json = False,
) -> None:
    """Show the newest snapshot that has not expired."""
    with open_client(url) as client:
        found = client.latest(
            world, stage=stage, actor=actor, known_at=known_at, include_expired=include_expired
        )
    _show(found, json=json)


def lookup(
    world: World,
    version: Annotated[str | None, typer.Option(help="This version.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="The newest snapshot with an as_of not after this instant.")
    ] = None,
    stage: OnlyStage = None,
    actor: OnlyActor = None,
    known_at: KnownAt = None,
    url: Url = None,
    *,
    include_expired: Expired = False,
    json: Json = False,
) -> None:
    """Show one version, or the newest snapshot that is not later than an instant."""
    if version is None and as_of is None:
        raise typer.BadParameter("give --version or --as-of")
    filters = {"stage": stage, "actor": actor, "known_at": known_at}
    with open_client(url) as client:
        found = client.lookup(world, version=version, as_of=as_of, include_expired=include_expired, **filters)
    _show(found, json=json)


def list_snapshots(
    world: World,
    start: Annotated[str | None, typer.Option("--from", help="First as_of, inclusive.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last as_of, inclusive.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=LISTED_MAX_COUNT, help="The maximum number of snapshots.")
    ] = 20,
    stage: OnlyStage = None,
    actor: OnlyActor = None,
    known_at: KnownAt = None,
    url: Url = None,
    *,
    oldest_first: OldestFirst = False,
    include_expired: Expired = False,
    json: Json = False,
) -> None:
    """List a world's snapshots; more pages are fetched as they are needed."""
    check_period(start, end)
    with open_client(url) as client:
        snapshots = client.list(
            world,
            start=start,
            end=end,
            order="asc" if oldest_first else "desc",
            stage=stage,
            actor=actor,
            known_at=known_at,
            include_expired=include_expired,
        )
        found = list(islice(snapshots, limit))
        reason = ""
        if not found:
            require_world(client, world)
            asked = ListRequest(world, start, end, stage, actor, known_at, include_expired)
            reason = "" if json else hint(client, asked)
    if json:
        print_document([dict(snapshot.document) for snapshot in found])
    elif found:
        _print_table(found)
    else:
        print_line(f"{world}: no snapshot matches{reason}")


def contract(url: Url = None, *, json: Json = False) -> None:
    """Show the contract that the hub serves: its version, stages and limits."""
    with open_client(url) as client:
        served = client.contract()
    if json:
        print_document(
            {"contract_version": served.version, "stages": served.stages, "limits": dict(served.limits)}
        )
        return
    print_line(f"contract {served.version}, stages {', '.join(served.stages)}")
    for name, value in served.limits.items():
        print_line(f"  {name:32} {value}")


def _show(found: StoredSnapshot, *, json: bool) -> None:
    if json:
        print_document(dict(found.document))
        return
    provenance = found.document["provenance"]
    print_line(f"{found.world_id} {found.version} as of {format_instant(found.as_of)}")
    print_line(
        f"  {counted(len(found.weights), 'weight')}, {provenance['stage']} by {provenance['actor']}, "
        f"{found.content_hash}"
    )
    expiry = "expired" if found.document["expired"] else "expires"
    print_line(f"  accepted {format_instant(found.created_at)}, {expiry} {format_instant(found.expires_at)}")


def _print_table(found: Sequence[StoredSnapshot]) -> None:
    console = Console()
    console.width = max(console.width, TABLE_MIN_CHARS)
    table = Table(box=None, pad_edge=False)
    for heading in ("version", "as of", "stage", "actor", "expires"):
        table.add_column(heading, no_wrap=True)
    for snapshot in found:
        provenance = snapshot.document["provenance"]
        cells = (snapshot.version, format_instant(snapshot.as_of), provenance["stage"], provenance["actor"])
        expired = snapshot.document["expired"]
        table.add_row(*cells, format_instant(snapshot.expires_at), style="dim" if expired else None)
    console.print(table, soft_wrap=True)
