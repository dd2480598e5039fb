"""`python -m infra.local up|down|status`: what `make up`, `make down` and `make status` run."""

import argparse
import contextlib
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from infra.errors import LocalStageError
from infra.local.alarms.journal import Entry, Journal
from infra.local.bring_up import bring_up
from infra.local.saved_state import LOSS_MAX_SECONDS
from infra.local.settings import LocalSettings, settings_from, settings_of_folder
from infra.local.stage_process import StageProcess, stop_recorded
from infra.local.stage_record import StageRecord, read_record

FAILED: Final = 1
ALARM_POLL_SECONDS: Final = 0.5
ALARM_STYLES: Final = {"critical": "bold red", "warning": "yellow"}
STOPPED_MESSAGE: Final = "Stopped. The stored data is kept for the next `make up`."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status; problems are one sentence on stderr."""
    parsed = _parser().parse_args(arguments)
    console = Console()
    settings = None
    try:
        settings = _settings(parsed.command)
        return _run(parsed, settings, console)
    except LocalStageError as error:
        _print_error(str(error))
    except (BotoCoreError, ClientError, OSError) as error:
        log = settings.log_file if settings else "none"
        _print_error(f"{error}\nThe emulator's log: {log}. If this repeats, `make up FRESH=1` starts empty.")
    except KeyboardInterrupt:
        console.print("Stopped before the local stage was ready.")
    return FAILED


def _print_error(text: str) -> None:
    Console(stderr=True).print(text, style="bold red", highlight=False, soft_wrap=True, markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="infra.local", description="The hub on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the local stage and publish the sample world")
    up.add_argument("--detach", action="store_true", help="leave it running in the background")
    up.add_argument("--fresh", action="store_true", help="start without the data of earlier runs")
    commands.add_parser("down", help="stop the local stage")
    commands.add_parser("status", help="show whether the local stage runs, and its address")
    return parser


def _settings(command: str) -> LocalSettings:
    """Read the settings; `down` and `status` need only the folder, so they print an invalid setting and ignore it."""
    try:
        return settings_from()
    except LocalStageError as error:
        if command == "up":
            raise
        settings = settings_of_folder()
        _print_error(f"{error} `make {command}` ignores this setting and uses {settings.record_file}.")
        return settings


def _run(parsed: argparse.Namespace, settings: LocalSettings, console: Console) -> int:
    if parsed.command == "down":
        return _down(settings, console)
    if parsed.command == "status":
        return _status(settings, console)
    return _up(settings, console, detached=parsed.detach, fresh=parsed.fresh)


def _up(settings: LocalSettings, console: Console, *, detached: bool, fresh: bool) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stage = bring_up(settings, console, detached=detached, fresh=fresh)
    if detached:
        console.print(
            f"Running in the background (log: {settings.log_file}). Stop it with `make down`.", soft_wrap=True
        )
        return 0
    return _run_in_foreground(stage, settings, console)


def _run_in_foreground(stage: StageProcess, settings: LocalSettings, console: Console) -> int:
    try:
        console.print("Running. Stop it with Ctrl-C. Alarms are shown here.")
        status = _wait_showing_alarms(stage, Journal(settings.alarm_journal), console)
    except KeyboardInterrupt:
        with console.status("Stopping ..."):
            stage.stop()
        _remove_run_files(settings, stage.record)
        console.print(STOPPED_MESSAGE)
        return 0
    _remove_run_files(settings, stage.record)
    if status == 0:
        console.print("The local stage was stopped.")
        return 0
    raise LocalStageError(
        f"The local stage ended unexpectedly (status {status}). Data that was stored "
        f"{LOSS_MAX_SECONDS:.0f} s earlier is kept for the next `make up`. Its log: {settings.log_file}"
    )


def _wait_showing_alarms(stage: StageProcess, journal: Journal, console: Console) -> int:
    shown = 0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return stage.process.wait(ALARM_POLL_SECONDS)
        for entry in journal.entries(after=shown):
            _print_alarm(console, entry)
            shown += 1


def _down(settings: LocalSettings, console: Console) -> int:
    record = read_record(settings.record_file)
    if record is None:
        console.print("The local stage is not running.")
        return 0
    with console.status("Stopping ..."):
        stop_recorded(record)
    _remove_run_files(settings, record)
    console.print(STOPPED_MESSAGE)
    return 0


def _status(settings: LocalSettings, console: Console) -> int:
    record = read_record(settings.record_file)
    if record is None:
        console.print("The local stage is not running. Start it with `make up`.")
        return FAILED
    console.print(
        f"Running: {record.front_url} (process {record.pid}, log {settings.log_file})", soft_wrap=True
    )
    for entry in Journal(settings.alarm_journal).active_alarms().values():
        _print_alarm(console, entry)
    return 0


def _print_alarm(console: Console, entry: Entry) -> None:
    """Print the time of the change, the alarm, the reason and the runbook page."""
    is_active = entry.after == "ALARM"
    word = entry.severity if is_active else "over"
    style = ALARM_STYLES[entry.severity] if is_active else "green"
    console.print(
        f"{entry.at}  {word:<8}  {entry.alarm}  {entry.reason}  {entry.page}",
        style=style,
        highlight=False,
        soft_wrap=True,
        markup=False,
    )


def _remove_run_files(settings: LocalSettings, ended: StageRecord) -> None:
    # Another terminal may already have started the next stage: keep its files.
    if read_record(settings.record_file) in {None, ended}:
        for file in settings.run_files:
            file.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
