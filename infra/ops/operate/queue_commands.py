"""Implementation of `queues` and `queues redrive`."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from infra.ops.operate.rate_limiter import Pace
from infra.ops.operate.queue_list import DEPTH, Queue, counts, health, queue_url, repairable
from infra.ops.operate.redrive import Redrive
from infra.ops.operate.repair import Repair, Repaired
from infra.ops.operate.screen import print_queues
from infra.ops.operate.stage_access import Clients
from infra.recovery.errors import OperateError
from infra.recovery.relay import Relay
from risk_hub_client.cli.screen import bar, complain, print_document, say

LEFT_BEHIND: Final = 1


@dataclass(frozen=True, slots=True)
class RedriveOrder:
    """An operator's request; `limit` None means every message."""

    stage_name: str
    name: str
    limit: int | None
    rate: float
    dry_run: bool
    json: bool


def list_queues(aws: Clients, stage: str, *, json: bool) -> None:
    """Print the state of every queue of the stage."""
    rows = health(aws, stage)
    if json:
        print_document([row.document() for row in rows])
    else:
        print_queues(rows)


def redrive(order: RedriveOrder, aws: Clients) -> int:
    """Process the messages of one failure queue again.

    Raises:
        OperateError: the queue is missing, or moving or announcing failed.
    """
    queue = repairable(order.stage_name, order.name)
    if queue is None:
        raise OperateError(f"{order.name} is no queue of failures on stage {order.stage_name}")
    sqs = aws.client("sqs")
    waiting = counts(sqs, queue_url(sqs, queue.name))[DEPTH]
    if order.dry_run:
        return _foretell(order, queue, waiting)
    return _move(order, aws, queue, waiting) if queue.feeds else _repair(order, aws, queue, waiting)


def _foretell(order: RedriveOrder, queue: Queue, waiting: int) -> int:
    count = waiting if order.limit is None else min(order.limit, waiting)
    if order.json:
        print_document({"queue": queue.name, "dry_run": True, "to": queue.feeds, "messages": count})
    elif queue.feeds:
        say(f"Would move {count} messages from {queue.name} to {queue.feeds}.")
    else:
        say(f"Would announce again what {count} messages of {queue.name} speak of.")
    return 0


def _move(order: RedriveOrder, aws: Clients, queue: Queue, waiting: int) -> int:
    sqs = aws.client("sqs")
    mover = Redrive(sqs, queue_url(sqs, queue.name), queue_url(sqs, str(queue.feeds)))
    with bar(queue.name, waiting, quiet=order.json) as shown:
        moved, way = mover.move(
            order.limit, waiting, Pace(order.rate), lambda count: shown.show(count, f"{count} moved")
        )
    if order.json:
        print_document(
            {"queue": queue.name, "dry_run": False, "to": queue.feeds, "messages": moved, "by": way}
        )
    else:
        say(f"Moved {moved} messages from {queue.name} to {queue.feeds} by {way}.")
    return 0


def _repair(order: RedriveOrder, aws: Clients, queue: Queue, waiting: int) -> int:
    sqs, relay = aws.client("sqs"), Relay(aws.client("lambda"), order.stage_name)
    repair = Repair(sqs, aws.client("dynamodb"), relay, queue_url(sqs, queue.name))
    most = waiting if order.limit is None else min(order.limit, waiting)
    with bar(queue.name, most, quiet=order.json) as shown:
        done = repair.run(most, Pace(order.rate), lambda count: shown.show(count, f"{count} of {most}"))
    return _tell_repair(order, queue, done)


def _tell_repair(order: RedriveOrder, queue: Queue, done: Repaired) -> int:
    account: dict[str, Any] = {"queue": queue.name, "dry_run": False, **asdict(done)}
    if order.json:
        print_document(account)
    else:
        say(f"Announced {done.announced} records again; {done.messages} messages of {queue.name} are done.")
    for reason in done.left:
        complain(f"Left in the queue: {reason}")
    return LEFT_BEHIND if done.left else 0
