"""`risk evaluate`: queue a world's past snapshots that have no report, page by page."""

import shlex
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from infra.ops.operate.rate_limiter import RateLimiter
from infra.ops.operate.replay import Period, Progress, replay
from infra.ops.operate.stage_access import Clients
from infra.ops.operate.stored_worlds import require_world
from infra.recovery.errors import OperateError, RefusedRequestError
from infra.recovery.relay import Relay
from risk_hub_client.cli.app import PROGRAM
from risk_hub_client.cli.screen import print_document, print_error, print_line
from risk_hub_contracts.base.limits import AS_OF_MIN_YEAR, FUTURE_SKEW_MAX_SECONDS
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.times import format_instant


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
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


def evaluate_past(request: EvaluateRequest, aws: Clients) -> None:
    """Queue the missing evaluations and print the result.

    Raises:
        OperateError: there is no such world, its period holds no snapshot, or the relay failed on a page; then the
            command that resumes was printed before.
    """
    period = request.period()
    done = _replay_pages(Relay(aws.client("lambda"), request.stage_name), period, request)
    if not done.found and request.cursor is None:
        require_world(aws.client("dynamodb"), request.stage_name, request.world)
        raise OperateError(f"{request.world}: no snapshot in this period{_stage_text(request.stage)}")
    if request.json:
        facts = {name: value for name, value in asdict(done).items() if name != "announced"}
        print_document(
            {"world_id": request.world, "dry_run": request.dry_run, "queued": _queued(done), **facts}
        )
    else:
        print_line(_summary(done, request))


def _replay_pages(relay: Relay, period: Period, request: EvaluateRequest) -> Progress:
    done = Progress(cursor=period.cursor)
    try:
        for progress in replay(relay, period, RateLimiter(request.rate)):
            done = progress
    except RefusedRequestError:
        raise
    except (OperateError, ClientError, BotoCoreError, KeyboardInterrupt):
        print_error(_resume_command(done, period, request))
        raise
    return done


def _queued(done: Progress) -> int:
    """Return how many snapshots were queued, or would be: no report of them is stored or awaited."""
    return done.found - done.evaluated - done.awaited


def _summary(done: Progress, request: EvaluateRequest) -> str:
    did = "would be queued" if request.dry_run else "queued"
    waiting = f", {done.awaited} left to the engines, which may still evaluate them" if done.awaited else ""
    return f"{request.world}: {_queued(done)} {did}, {done.evaluated} already evaluated{waiting}"


def _resume_command(done: Progress, period: Period, request: EvaluateRequest) -> str:
    words = ["risk", "evaluate", request.world, "--from", period.start, "--to", period.end]
    words += ["--stage", request.stage] if request.stage else []
    words += ["--stage-name", request.stage_name, "--rate", f"{request.rate:g}"]
    words += ["--cursor", done.cursor] if done.cursor else []
    words += ["--dry-run"] if request.dry_run else []
    return f"Stopped after {counted(done.found, 'snapshot')}. Continue with: {PROGRAM} {shlex.join(words)}"


def _stage_text(stage: str | None) -> str:
    return f" at stage {stage}; `{PROGRAM} contract` lists the stages" if stage else ""
