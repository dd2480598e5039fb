"""Implementation of `queues` and `queues redrive`."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from infra.ops.operate.queue_list import DEPTH, Queue, failure_queue, message_counts, queue_health, queue_url
from infra.ops.operate.rate_limiter import RateLimiter
from infra.ops.operate.redrive import Redrive
from infra.ops.operate.repair import Repair, RepairResult
from infra.ops.operate.screen import print_queues
from infra.ops.operate.stage_access import Clients
from infra.recovery.errors import OperateError
from infra.recovery.relay import Relay
from risk_hub_client.cli.screen import print_document, print_error, print_line, progress_bar
from risk_hub_contracts.base.problem_types import counted

EXIT_MESSAGES_LEFT: Final = 1


@dataclass(frozen=True, slots=True)
class RedriveRequest:
    """An operator's request; `limit` None means every message."""

    stage_name: str
    name: str
    limit: int | None
    rate: float
    dry_run: bool
    json: bool


def list_queues(aws: Clients, stage: str, *, json: bool) -> None:
    """Print the state of every queue of the stage."""
    rows = queue_health(aws, stage)
    if json:
        print_document([row.document() for row in rows])
    else:
        print_queues(rows)


def redrive(request: RedriveRequest, aws: Clients) -> int:
    """Process the messages of one failure queue again.

    Raises:
        OperateError: the queue is missing, or moving or announcing failed.
    """
    queue = failure_queue(request.stage_name, request.name)
    if queue is None:
        raise OperateError(f"{request.name!r} is not a failure queue of stage {request.stage_name}")
    sqs = aws.client("sqs")
    waiting = message_counts(sqs, queue_url(sqs, queue.name))[DEPTH]
    if request.dry_run:
        return _print_dry_run(request, queue, waiting)
    return _move(request, aws, queue, waiting) if queue.redrives_to else _repair(request, aws, queue, waiting)


def _print_dry_run(request: RedriveRequest, queue: Queue, waiting: int) -> int:
    count = waiting if request.limit is None else min(request.limit, waiting)
    if request.json:
        print_document({"queue": queue.name, "dry_run": True, "to": queue.redrives_to, "messages": count})
    elif queue.redrives_to:
        print_line(f"Would move {counted(count, 'message')} from {queue.name} to {queue.redrives_to}.")
    else:
        print_line(f"Would announce the records of {counted(count, 'message')} of {queue.name} again.")
    return 0


def _move(request: RedriveRequest, aws: Clients, queue: Queue, waiting: int) -> int:
    sqs = aws.client("sqs")
    mover = Redrive(sqs, queue_url(sqs, queue.name), queue_url(sqs, str(queue.redrives_to)))
    with progress_bar(queue.name, waiting, quiet=request.json) as progress:
        moved, way = mover.move(
            request.limit,
            waiting,
            RateLimiter(request.rate),
            lambda count: progress.show(count, f"{count} moved"),
        )
    if request.json:
        print_document(
            {"queue": queue.name, "dry_run": False, "to": queue.redrives_to, "messages": moved, "by": way}
        )
    else:
        print_line(f"Moved {counted(moved, 'message')} from {queue.name} to {queue.redrives_to} by {way}.")
    return 0


def _repair(request: RedriveRequest, aws: Clients, queue: Queue, waiting: int) -> int:
    sqs, relay = aws.client("sqs"), Relay(aws.client("lambda"), request.stage_name)
    repair = Repair(sqs, aws.client("dynamodb"), relay, queue_url(sqs, queue.name))
    most = waiting if request.limit is None else min(request.limit, waiting)
    with progress_bar(queue.name, most, quiet=request.json) as progress:
        done = repair.run(
            most, RateLimiter(request.rate), lambda count: progress.show(count, f"{count} of {most}")
        )
    return _print_repair(request, queue, done)


def _print_repair(request: RedriveRequest, queue: Queue, done: RepairResult) -> int:
    account: dict[str, Any] = {"queue": queue.name, "dry_run": False, **asdict(done)}
    if request.json:
        print_document(account)
    else:
        print_line(
            f"Announced {counted(done.announced, 'record')} again; "
            f"{counted(done.messages, 'message')} of {queue.name} {'is' if done.messages == 1 else 'are'} done."
        )
    for reason in done.left:
        print_error(f"Left in the queue: {reason}")
    return EXIT_MESSAGES_LEFT if done.left else 0
