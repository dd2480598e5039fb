"""One alarm on the terminal."""

from typing import Final

from rich.console import Console

from infra.local.alarms.journal import Entry

STYLES: Final = {"critical": "bold red", "warning": "yellow"}


def print_alarm(console: Console, entry: Entry) -> None:
    """Print the time of the change, the alarm, the reason and the runbook page."""
    is_active = entry.after == "ALARM"
    word = entry.severity if is_active else "over"
    style = STYLES[entry.severity] if is_active else "green"
    console.print(
        f"{entry.at}  {word:<8}  {entry.alarm}  {entry.reason}  {entry.page}",
        style=style,
        highlight=False,
        soft_wrap=True,
        markup=False,
    )
