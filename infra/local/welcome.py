"""Welcome screen: the sample's risk numbers, the address, the token, and commands to try."""

from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from infra.local.sample.publish import ACTOR, SNAPSHOT_STAGE, WORLD_ID, HubEndpoint
from risk_hub_contracts.api.routes import path_of

BASIS_POINTS_PER_PERCENT: Final = 100
ALARMS_NOTE: Final = (
    "Alarms are evaluated here by the rules of the operations template; infra/local/README.md lists the "
    "metrics that exist only on AWS. Dashboards and the event archive are not deployed."
)


def show(console: Console, hub: HubEndpoint, report: dict[str, Any], env_file: Path) -> None:
    """Print the newcomer's information; commands are not wrapped, so that they can be pasted."""
    console.print(risk_table(report))
    lines = [
        f"[bold]URL[/bold]    {hub.url}",
        f"[bold]Token[/bold]  {hub.token}",
        "",
        "[bold]Try[/bold], in any shell:",
        "",
        *(f"  {command}" for command in commands(env_file, str(report["version"]))),
        "",
        f"[dim]{ALARMS_NOTE}[/dim]",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def risk_table(report: dict[str, Any]) -> Table:
    """Return the report's losses as a table: one row per method and confidence, the headline first."""
    title = f"Risk of {report['world_id']} {report['version']}: {report['status']}"
    table = Table(
        title=title, title_justify="left", caption=f"inputs: {_inputs(report)}", caption_justify="left"
    )
    for name in ("method", "conf."):
        table.add_column(name, no_wrap=True)
    for name in ("VaR", "ES", "in tail"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in report["tails"]:
        table.add_row(*_row(row))
    return table


def commands(env_file: Path, version: str) -> list[str]:
    """Return the welcome screen's shell commands; the first sets the variables of the others."""
    read = 'curl -s -H "Authorization: Bearer $RISK_HUB_TOKEN" "$RISK_HUB_URL'
    return [
        f". '{env_file}'",
        f'{read}{path_of("latest_snapshot", world_id=WORLD_ID)}"',
        f'{read}{path_of("read_risk", world_id=WORLD_ID, version=version)}"',
        _post_command(),
    ]


def _post_command() -> str:
    now = "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    headers = ("Authorization: Bearer $RISK_HUB_TOKEN", f"X-Actor: {ACTOR}", f"X-Stage: {SNAPSHOT_STAGE}")
    given = " ".join(f'-H "{header}"' for header in (*headers, "Content-Type: application/json"))
    body = f"""'{{"version": "v1", "as_of": "'"{now}"'", "weights": {{"AAPL": 0.6, "MSFT": 0.4}}}}'"""
    path = path_of("publish_snapshot", world_id="my-world")
    return f'curl -si {given} "$RISK_HUB_URL{path}" -d {body}'


def _row(tail: dict[str, Any]) -> list[str]:
    value = tail["value_at_risk"]
    return [
        str(tail["method"]).replace("_", " "),
        f"{tail['confidence_bps'] / BASIS_POINTS_PER_PERCENT:g} %",
        str(tail["reason"]) if value is None else f"{value:.6f}",
        _number(tail["expected_shortfall"]),
        "" if tail["tail_observations"] is None else f"{tail['tail_observations']} of {tail['observations']}",
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _inputs(report: dict[str, Any]) -> str:
    return ", ".join(f"{each['kind'].replace('_', ' ')} ({each['source']})" for each in report["inputs"])
