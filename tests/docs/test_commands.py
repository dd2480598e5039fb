"""Every command of `risk-hub` is shown by a guide, whose blocks run on the local stage, or by the runbook."""

import re
from pathlib import Path

import typer

from infra.ops.operate.cli import operator_app

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def names(app: typer.Typer) -> set[str]:
    """Return the commands of an application, with the name of their group before them."""
    own = {str(each.name or (each.callback and each.callback.__name__)) for each in app.registered_commands}
    groups = [(str(each.name), each.typer_instance) for each in app.registered_groups]
    return own | {f"{group} {name}" for group, inner in groups if inner for name in names(inner)}


def test_every_cli_command_appears_in_a_code_block_of_the_docs() -> None:
    shown = "\n".join(
        block for page in DOCS.rglob("*.md") for block in BLOCK.findall(page.read_text(encoding="utf-8"))
    )
    commands = names(operator_app())
    assert {"publish", "events replay", "queues redrive"} <= commands
    assert sorted(name for name in commands if f"risk-hub {name}" not in shown) == []
