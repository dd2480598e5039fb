"""`events replay`: progress while it runs, and where to resume when it stops."""

import argparse
import shlex
from dataclasses import asdict

from botocore.exceptions import BotoCoreError, ClientError

from infra.operate.arguments import PROGRAM
from infra.operate.errors import OperateError
from infra.operate.pace import Pace
from infra.operate.relay import Relay
from infra.operate.replay import Period, Progress, replay
from infra.operate.screen import Bar, bar, complain, print_document, say, seconds_between
from infra.operate.stage_access import Clients
from risk_hub_contracts.times import parse_instant


def replay_events(parsed: argparse.Namespace, aws: Clients) -> int:
    """Announce a period again and print what was done.

    Raises:
        OperateError: the relay failed on a page; before that, the command that resumes was printed.
    """
    period = Period(parsed.world, parsed.start, parsed.end, parsed.cursor, parsed.dry_run)
    relay = Relay(aws.client("lambda"), parsed.stage_name)
    done = _follow(relay, period, parsed)
    if parsed.json:
        print_document({"world_id": parsed.world, "dry_run": parsed.dry_run, **asdict(done)})
    else:
        say(_account(done, period))
    return 0


def _follow(relay: Relay, period: Period, parsed: argparse.Namespace) -> Progress:
    done = Progress(cursor=period.cursor)
    start, end = parse_instant(period.start), parse_instant(period.end)
    label = f"{period.world_id} {'counting' if period.dry_run else 'announcing'}"
    with bar(label, seconds_between(start, end), quiet=parsed.json) as shown:
        try:
            for done in replay(relay, period, Pace(parsed.rate)):
                _show(shown, done, period)
        except (OperateError, ClientError, BotoCoreError, KeyboardInterrupt):
            complain(_resume(done, parsed))
            raise
    return done


def _show(shown: Bar, done: Progress, period: Period) -> None:
    end = period.end if done.cursor is None or done.reached is None else done.reached
    span = (parse_instant(end) - parse_instant(period.start)).total_seconds()
    shown.show(max(span, 0.0), f"{done.found} snapshots, reached {end}")


def _account(done: Progress, period: Period) -> str:
    did = f"would announce {done.found}" if period.dry_run else f"announced {done.announced}"
    return f"{period.world_id}: {did} snapshots again; {done.expired} had expired, and workers refuse those."


def _resume(done: Progress, parsed: argparse.Namespace) -> str:
    words = ["events", "replay", "--world", parsed.world, "--from", parsed.start, "--to", parsed.end]
    words += ["--stage-name", parsed.stage_name, "--rate", f"{parsed.rate:g}"]
    words += ["--cursor", done.cursor] if done.cursor else []
    words += ["--dry-run"] if parsed.dry_run else []
    return f"Stopped after {done.found} snapshots. Continue with: {PROGRAM} {shlex.join(words)}"
