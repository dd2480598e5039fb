"""The command line of `python -m infra.operate`."""

import argparse
from contextlib import suppress
from typing import Final

from infra.operate.pace import RATE_DEFAULT_PER_SECOND, RATE_MAX_PER_SECOND
from infra.operate.queue_list import queues_of, repairable
from infra.operate.stage_access import LOCAL
from infra.stages import STAGES
from risk_hub_contracts.times import parse_instant

PROGRAM: Final = "python -m infra.operate"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the parsed arguments; leave with status 2 and one sentence when they make no sense."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.command == "events" and parse_instant(parsed.start) > parse_instant(parsed.end):
        parser.error("--from is later than --to")
    if parsed.command == "queues" and parsed.action == "redrive":
        _check_queue(parser, parsed.stage_name, parsed.name)
    return parsed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="See and repair what a stage announces.")
    commands = parser.add_subparsers(dest="command", required=True)
    events = commands.add_parser("events", help="announce again what is stored")
    _replay(events.add_subparsers(dest="action", required=True))
    queues = commands.add_parser("queues", help="depth and age of every queue and dead-letter queue")
    _common(queues, LOCAL, json_default=False)
    _redrive(queues.add_subparsers(dest="action"))
    return parser


def _replay(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    replay = actions.add_parser("replay", help="announce a world's snapshots of a period again")
    replay.add_argument("--world", required=True, help="the world's id")
    replay.add_argument(
        "--from",
        dest="start",
        required=True,
        type=_instant,
        metavar="T",
        help="first as_of, as in 2026-01-05T00:00:00Z",
    )
    replay.add_argument(
        "--to", dest="end", required=True, type=_instant, metavar="T", help="last as_of, inclusive"
    )
    replay.add_argument("--cursor", help="continue where an earlier replay of the same period stopped")
    replay.add_argument("--rate", type=_rate, default=RATE_DEFAULT_PER_SECOND, help="snapshots per second")
    replay.add_argument("--dry-run", action="store_true", help="count, and announce nothing")
    _common(replay, LOCAL, json_default=False)


def _redrive(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    redrive = actions.add_parser("redrive", help="give failed messages another chance")
    redrive.add_argument(
        "name", help="a dead-letter queue, such as risk-engine-dead-letters, or event-relay-failures"
    )
    redrive.add_argument("--limit", type=_count, help="at most so many messages")
    redrive.add_argument("--rate", type=_rate, default=RATE_DEFAULT_PER_SECOND, help="messages per second")
    redrive.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    # Given before `redrive`, an option belongs to `queues`: a default here would silently replace it.
    _common(redrive, argparse.SUPPRESS, json_default=argparse.SUPPRESS)


def _common(parser: argparse.ArgumentParser, stage: str, *, json_default: bool | str) -> None:
    parser.add_argument("--stage-name", choices=list(STAGES), default=stage, help="the stage (local)")
    parser.add_argument("--json", action="store_true", default=json_default, help="print one JSON document")


def _check_queue(parser: argparse.ArgumentParser, stage: str, name: str) -> None:
    if repairable(stage, name) is None:
        known = ", ".join(queue.name for queue in queues_of(stage) if queue.kind != "work")
        parser.error(f"{name} is no queue of failures on stage {stage}: choose one of {known}")


def _instant(text: str) -> str:
    try:
        parse_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from error
    return text


def _rate(text: str) -> float:
    with suppress(ValueError):
        rate = float(text)
        if 0 < rate <= RATE_MAX_PER_SECOND:
            return rate
    raise argparse.ArgumentTypeError(
        f"must be a number above 0, at most {RATE_MAX_PER_SECOND:.0f} per second"
    )


def _count(text: str) -> int:
    with suppress(ValueError):
        count = int(text)
        if count > 0:
            return count
    raise argparse.ArgumentTypeError("must be a whole number above 0")
