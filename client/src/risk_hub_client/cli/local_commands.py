"""`lint`: the contract on this machine, without a hub."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from risk_hub_client.cli.input_files import check_inputs_exist, input_name, read_input
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line
from risk_hub_client.cli.snapshot_file import resolve_identity
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.snapshot.parse import parse_snapshot

DEFAULTS: Final = {"world": "unnamed", "actor": "lint", "stage": "paper"}
Name = Annotated[str | None, typer.Option(help="Replaces the value in the file.")]


def register(app: typer.Typer) -> None:
    """Add the commands that need no hub."""
    app.command()(lint)


def lint(
    files: Annotated[
        list[Path],
        typer.Argument(help="Snapshots as JSON; - reads stdin.", callback=check_inputs_exist),
    ],
    world: Name = None,
    actor: Name = None,
    stage: Name = None,
    *,
    json: Json = False,
) -> None:
    """Check snapshots against the contract, offline. Status 1 when one breaks it.

    The content hash needs world, actor and stage: where neither the file nor an option names them, it is left out.
    """
    overrides = {"world": world, "actor": actor, "stage": stage}
    found = [_verdict(file, overrides) for file in files]
    if json:
        print_document(found)
    else:
        for verdict in found:
            print_line(_line(verdict))
    if not all(verdict["valid"] for verdict in found):
        raise typer.Exit(1)


def _verdict(file: Path, overrides: Mapping[str, str | None]) -> dict[str, Any]:
    name = str(input_name(file))
    try:
        raw = read_input(file)
        document = strict_json.loads(raw, name="file")
        identity = resolve_identity(document if isinstance(document, dict) else {}, overrides)
        complete = {name: value or DEFAULTS[name] for name, value in identity.items()}
        snapshot = parse_snapshot(
            raw,
            world_id=complete["world"],
            actor=complete["actor"],
            stage=complete["stage"].lower(),
            now=datetime.now(UTC),
        )
    except ProblemError as problem:
        return {"file": name, "valid": False, "problem": problem.to_problem()}
    content_hash = snapshot.content_hash if all(identity.values()) else None
    return {"file": name, "valid": True, "content_hash": content_hash}


def _line(verdict: dict[str, Any]) -> str:
    if verdict["valid"]:
        return f"{verdict['file']}: conforms to the contract{_suffix(verdict)}"
    problem = verdict["problem"]
    violations = [
        f"  {violation['pointer'] or 'the file'}: {violation['detail']}"
        for violation in problem.get("errors", [])
    ]
    if not violations:
        return f"{verdict['file']}: {problem['detail']}"
    return "\n".join([f"{verdict['file']}: {problem['title']}", *violations])


def _suffix(verdict: dict[str, Any]) -> str:
    return f", {verdict['content_hash']}" if verdict["content_hash"] else ""
