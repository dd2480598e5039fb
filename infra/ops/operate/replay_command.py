"""`events replay`: print the progress, and where to resume after a failure."""

import shlex
from dataclasses import asdict, dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.ops.operate.rate_limiter import RateLimiter
from infra.ops.operate.replay import Period, Progress, replay
from infra.ops.operate.stage_access import Clients
from infra.ops.operate.stored_worlds import require_world
from infra.recovery.errors import OperateError, RefusedRequestError
from infra.recovery.relay import Relay
from risk_hub_client.cli.app import PROGRAM
from risk_hub_client.cli.screen import Bar, print_document, print_error, print_line, progress_bar
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.times import parse_instant

# Counts that exist only in an evaluation of the past.
EVALUATION_COUNTS: Final = frozenset({"evaluated", "awaited"})


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """An operator's request: a world's snapshots of a period, inclusive."""

    stage_name: str
    world: str
    start: str
    end: str
    cursor: str | None
    rate: float
    dry_run: bool
    json: bool


def replay_events(request: ReplayRequest, aws: Clients) -> None:
    """Announce a period again and print the result.

    Raises:
        OperateError: the world does not exist, or the relay failed on a page; in that case the command that
            resumes was printed first.
    """
    period = Period(request.world, request.start, request.end, request.cursor, request.dry_run)
    relay = Relay(aws.client("lambda"), request.stage_name)
    done = _replay_pages(relay, period, request)
    if not done.found and request.cursor is None:
        require_world(aws.client("dynamodb"), request.stage_name, request.world)
    if request.json:
        facts = {name: value for name, value in asdict(done).items() if name not in EVALUATION_COUNTS}
        print_document({"world_id": request.world, "dry_run": request.dry_run, **facts})
    else:
        print_line(_summary(done, period))


def _replay_pages(relay: Relay, period: Period, request: ReplayRequest) -> Progress:
    done = Progress(cursor=period.cursor)
    start, end = parse_instant(period.start), parse_instant(period.end)
    label = f"{period.world_id} {'counting' if period.dry_run else 'announcing'}"
    with progress_bar(label, max((end - start).total_seconds(), 1.0), quiet=request.json) as shown:
        try:
            for done in replay(relay, period, RateLimiter(request.rate)):
                _show(shown, done, period)
        except RefusedRequestError:
            raise
        except (OperateError, ClientError, BotoCoreError, KeyboardInterrupt):
            print_error(_resume_command(done, request))
            raise
    return done


def _show(shown: Bar, done: Progress, period: Period) -> None:
    end = period.end if done.cursor is None or done.reached is None else done.reached
    span = (parse_instant(end) - parse_instant(period.start)).total_seconds()
    shown.show(max(span, 0.0), f"{counted(done.found, 'snapshot')}, reached {end}")


def _summary(done: Progress, period: Period) -> str:
    count = counted(done.found if period.dry_run else done.announced, "snapshot")
    did = "would announce" if period.dry_run else "announced"
    return f"{period.world_id}: {did} {count} again; {done.expired} had expired, and workers skip those."


def _resume_command(done: Progress, request: ReplayRequest) -> str:
    words = ["events", "replay", "--world", request.world, "--from", request.start, "--to", request.end]
    words += ["--stage-name", request.stage_name, "--rate", f"{request.rate:g}"]
    words += ["--cursor", done.cursor] if done.cursor else []
    words += ["--dry-run"] if request.dry_run else []
    return f"Stopped after {counted(done.found, 'snapshot')}. Continue with: {PROGRAM} {shlex.join(words)}"
