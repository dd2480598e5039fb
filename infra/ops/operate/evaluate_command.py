"""`risk evaluate`: queue a world's past snapshots that have no report, page by page."""

import shlex
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from infra.ops.operate.rate_limiter import Pace
from infra.ops.operate.replay import Period, Progress, replay
from infra.ops.operate.stage_access import Clients
from infra.ops.operate.stored_worlds import require_world
from infra.recovery.errors import OperateError, RefusedRequestError
from infra.recovery.relay import Relay
from risk_hub_client.cli.app import PROGRAM
from risk_hub_client.cli.screen import complain, print_document, say
from risk_hub_contracts.base.limits import AS_OF_MIN_YEAR, FUTURE_SKEW_MAX_SECONDS
from risk_hub_contracts.base.times import format_instant


@dataclass(frozen=True, slots=True)
class EvaluateOrder:
    """An operator's request: a world, a period with inclusive or open ends, and optionally one stage."""

    stage_name: str
    world: str
    start: str | None
    end: str | None
    stage: str | None
    cursor: str | None
    rate: float
    dry_run: bool
    json: bool

    def period(self) -> Period:
        """Return the period; an open end becomes an instant beyond every possible snapshot.

        Start and end are part of a cursor's query, so the command that resumes must give both.
        """
        last = datetime.now(UTC) + timedelta(seconds=FUTURE_SKEW_MAX_SECONDS)
        start = self.start or f"{AS_OF_MIN_YEAR}-01-01T00:00:00Z"
        end = self.end or format_instant(last)
        return Period(self.world, start, end, self.cursor, self.dry_run, self.stage, evaluate=True)


def evaluate_past(order: EvaluateOrder, aws: Clients) -> None:
    """Queue the missing evaluations and print the result.

    Raises:
        OperateError: there is no such world, its period holds no snapshot, or the relay failed on a page; then the
            command that resumes was printed before.
    """
    period = order.period()
    done = _follow(Relay(aws.client("lambda"), order.stage_name), period, order)
    if not done.found and order.cursor is None:
        require_world(aws.client("dynamodb"), order.stage_name, order.world)
        raise OperateError(f"{order.world}: no snapshot in this period{_at(order.stage)}")
    if order.json:
        facts = {name: value for name, value in asdict(done).items() if name != "announced"}
        print_document({"world_id": order.world, "dry_run": order.dry_run, "queued": _queued(done), **facts})
    else:
        say(_account(done, order))


def _follow(relay: Relay, period: Period, order: EvaluateOrder) -> Progress:
    done = Progress(cursor=period.cursor)
    try:
        for progress in replay(relay, period, Pace(order.rate)):
            done = progress
    except RefusedRequestError:
        raise
    except (OperateError, ClientError, BotoCoreError, KeyboardInterrupt):
        complain(_resume(done, period, order))
        raise
    return done


def _queued(done: Progress) -> int:
    """Return how many snapshots were queued, or would be: those neither evaluated nor awaited."""
    return done.found - done.evaluated - done.awaited


def _account(done: Progress, order: EvaluateOrder) -> str:
    did = "would be queued" if order.dry_run else "queued"
    waiting = f", {done.awaited} left to the engines: not past yet" if done.awaited else ""
    return f"{order.world}: {_queued(done)} {did}, {done.evaluated} already evaluated{waiting}"


def _resume(done: Progress, period: Period, order: EvaluateOrder) -> str:
    words = ["risk", "evaluate", order.world, "--from", period.start, "--to", period.end]
    words += ["--stage", order.stage] if order.stage else []
    words += ["--stage-name", order.stage_name, "--rate", f"{order.rate:g}"]
    words += ["--cursor", done.cursor] if done.cursor else []
    words += ["--dry-run"] if order.dry_run else []
    return f"Stopped after {done.found} snapshots. Continue with: {PROGRAM} {shlex.join(words)}"


def _at(stage: str | None) -> str:
    return f" at stage {stage}" if stage else ""
