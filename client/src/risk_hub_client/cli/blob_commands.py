"""`blob upload`: a large component, straight to the store, with its progress."""

from pathlib import Path
from typing import Annotated

import typer

from risk_hub_client.blobs import Blob
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line, progress_bar
from risk_hub_client.cli.session import Url, open_client
from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_contracts.blob.types import BlobFormatError


def register(app: typer.Typer) -> None:
    """Add the group `blob`."""
    group = typer.Typer(help="Large components of snapshots.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_blob)
    group.command()(upload)
    app.add_typer(group, name="blob")


def _blob() -> None:
    """Large components of snapshots."""


def upload(
    file: Annotated[Path, typer.Argument(help="A blob in rsh1 format.", exists=True, dir_okay=False)],
    world: Annotated[str, typer.Option(help="The world whose snapshots will refer to it.")],
    actor: Annotated[str, typer.Option(help="The producer that uploads.")],
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """Upload a blob and print the reference for a snapshot."""
    try:
        kind = Blob.of_file(file).kind
    except BlobFormatError as error:
        raise InvalidSnapshotError(str(error), file=file) from None
    with open_client(url) as client, progress_bar(file.name, 1.0, quiet=json) as shown:
        ref = client.upload(
            world,
            kind,
            file,
            actor=actor,
            progress=lambda sent, total: shown.show(sent / total, f"{sent:,} of {total:,} bytes"),
        )
    if json:
        print_document(ref.document())
    else:
        print_line(f"{ref.kind}: {ref.ref} ({ref.bytes:,} bytes)")
