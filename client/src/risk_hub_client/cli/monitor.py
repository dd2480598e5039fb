"""`monitor`: check the age of each world's latest snapshot; exit with the status of a monitoring plug-in."""

from dataclasses import asdict, dataclass
from typing import Annotated, Final

import typer

from risk_hub_client import NotFoundError, RiskHubClient
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line
from risk_hub_client.cli.session import Url, describe_error, open_client
from risk_hub_contracts.base.times import duration_text

FRESH: Final = 0
WARNING: Final = 1
CRITICAL: Final = 2
ERROR: Final = 3
NAMES: Final = ("fresh", "warning", "critical", "error")


@dataclass(frozen=True, slots=True)
class Freshness:
    """Freshness of one world; `lag_seconds` is the hub's clock minus `as_of`, None without a snapshot."""

    world_id: str
    state: str
    lag_seconds: float | None
    version: str | None
    reason: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(monitor)


def monitor(
    worlds: Annotated[list[str], typer.Option("--world", help="A world's id; can be repeated.")],
    warn_seconds: Annotated[float, typer.Option(min=0)] = 600,
    critical_seconds: Annotated[float, typer.Option(min=0)] = 1800,
    stage: Annotated[str | None, typer.Option(help="Only snapshots of this stage.")] = None,
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """Exit with 0 if every world is fresh, 1 if one is late, 2 if one is very late or missing, 3 on error."""
    if not warn_seconds <= critical_seconds:
        raise typer.BadParameter("--warn-seconds must not be more than --critical-seconds")
    try:
        with open_client(url) as client:
            found = [_freshness(client, world, stage, warn_seconds, critical_seconds) for world in worlds]
    except Exception as error:  # noqa: BLE001 - 1 and 2 are verdicts, so every other error is 3
        found = [_error(world, error) for world in worlds]
    if json:
        print_document([asdict(each) for each in found])
    else:
        for each in found:
            print_line(f"{each.state}: {each.world_id}: {each.reason}")
    raise typer.Exit(max(NAMES.index(each.state) for each in found))


def _freshness(
    client: RiskHubClient, world: str, stage: str | None, warn_seconds: float, critical_seconds: float
) -> Freshness:
    try:
        # An expired snapshot still has an age: its world is late, not missing.
        latest = client.latest(world, stage=stage, include_expired=True)
    except NotFoundError as error:
        detail = error.problem.get("detail", "not found")
        return Freshness(world, NAMES[CRITICAL], None, None, f"missing: {detail}")
    except Exception as error:  # noqa: BLE001 - see `monitor`; the other worlds are still checked
        return _error(world, error)
    # Measured by the hub's clock: a monitor with a wrong clock would raise false alarms, or none.
    lag_seconds = (client.memory.now() - latest.as_of).total_seconds()
    state = FRESH if lag_seconds < warn_seconds else WARNING if lag_seconds < critical_seconds else CRITICAL
    reason = f"{latest.version} is {duration_text(lag_seconds)} old"
    return Freshness(world, NAMES[state], round(lag_seconds, 3), latest.version, reason)


def _error(world: str, error: Exception) -> Freshness:
    known = describe_error(error)
    sentence = f"{type(error).__name__}: {error}" if known is None else known[1]
    return Freshness(world, NAMES[ERROR], None, None, sentence)
