"""`risk-hub` in this repository: the contract's commands, and operator commands that use AWS credentials."""

from collections.abc import Sequence

import typer
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import LocalStageError, TokenError
from infra.ops.operate.events_group import events_group
from infra.ops.operate.holds_group import holds_group
from infra.ops.operate.inspect_commands import add_inspect_commands
from infra.ops.operate.queues_group import queues_group
from infra.ops.operate.risk_commands import add_risk_commands
from infra.ops.operate.run_commands import add_run_commands
from infra.ops.operate.tables_group import reaper_group, tables_group
from infra.ops.operate.tokens_group import tokens_group
from infra.ops.operate.worker_command import worker
from infra.recovery.errors import OperateError, error_text
from risk_hub_client.cli.app import REFUSED, build_app, run


def operator_app() -> typer.Typer:
    """Return the application with the contract's and the operator's commands."""
    app = build_app()
    add_inspect_commands(app)
    app.add_typer(events_group(), name="events")
    app.add_typer(holds_group(), name="holds")
    app.add_typer(queues_group(), name="queues")
    app.add_typer(tables_group(), name="tables")
    app.add_typer(reaper_group(), name="reaper")
    app.add_typer(tokens_group(), name="tokens")
    add_risk_commands(app)
    add_run_commands(app)
    app.command()(worker)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status; problems are sentences on stderr."""
    return run(operator_app(), arguments, _explain)


def _explain(error: Exception) -> tuple[int, str] | None:
    if isinstance(error, OperateError | LocalStageError | TokenError | ClientError | BotoCoreError):
        return REFUSED, error_text(error)
    return None
