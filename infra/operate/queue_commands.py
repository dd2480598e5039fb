"""`queues` and `queues redrive`."""

import argparse
from dataclasses import asdict
from typing import Any, Final

from infra.operate.errors import OperateError
from infra.operate.pace import Pace
from infra.operate.queue_list import DEPTH, Queue, counts, health, queue_url, repairable
from infra.operate.redrive import Redrive
from infra.operate.relay import Relay
from infra.operate.repair import Repair, Repaired
from infra.operate.screen import bar, complain, print_document, print_queues, say
from infra.operate.stage_access import Clients

LEFT_BEHIND: Final = 1


def list_queues(parsed: argparse.Namespace, aws: Clients) -> int:
    """Print how every queue of the stage stands."""
    rows = health(aws, parsed.stage_name)
    if parsed.json:
        print_document([row.document() for row in rows])
    else:
        print_queues(rows)
    return 0


def redrive(parsed: argparse.Namespace, aws: Clients) -> int:
    """Give the messages of one failure queue another chance.

    Raises:
        OperateError: the queue is missing, or moving or announcing failed.
    """
    queue = repairable(parsed.stage_name, parsed.name)
    if queue is None:
        raise OperateError(f"{parsed.name} is no queue of failures on stage {parsed.stage_name}")
    sqs = aws.client("sqs")
    waiting = counts(sqs, queue_url(sqs, queue.name))[DEPTH]
    if parsed.dry_run:
        return _foretell(parsed, queue, waiting)
    return _move(parsed, aws, queue, waiting) if queue.feeds else _repair(parsed, aws, queue, waiting)


def _foretell(parsed: argparse.Namespace, queue: Queue, waiting: int) -> int:
    count = waiting if parsed.limit is None else min(parsed.limit, waiting)
    if parsed.json:
        print_document({"queue": queue.name, "dry_run": True, "to": queue.feeds, "messages": count})
    elif queue.feeds:
        say(f"Would move {count} messages from {queue.name} to {queue.feeds}.")
    else:
        say(f"Would announce again what {count} messages of {queue.name} speak of.")
    return 0


def _move(parsed: argparse.Namespace, aws: Clients, queue: Queue, waiting: int) -> int:
    sqs = aws.client("sqs")
    mover = Redrive(sqs, queue_url(sqs, queue.name), queue_url(sqs, str(queue.feeds)))
    with bar(queue.name, waiting, quiet=parsed.json) as shown:
        moved, way = mover.move(
            parsed.limit, waiting, Pace(parsed.rate), lambda count: shown.show(count, f"{count} moved")
        )
    if parsed.json:
        print_document(
            {"queue": queue.name, "dry_run": False, "to": queue.feeds, "messages": moved, "by": way}
        )
    else:
        say(f"Moved {moved} messages from {queue.name} to {queue.feeds} by {way}.")
    return 0


def _repair(parsed: argparse.Namespace, aws: Clients, queue: Queue, waiting: int) -> int:
    sqs, relay = aws.client("sqs"), Relay(aws.client("lambda"), parsed.stage_name)
    repair = Repair(sqs, aws.client("dynamodb"), relay, queue_url(sqs, queue.name))
    most = waiting if parsed.limit is None else min(parsed.limit, waiting)
    with bar(queue.name, most, quiet=parsed.json) as shown:
        done = repair.run(most, Pace(parsed.rate), lambda count: shown.show(count, f"{count} of {most}"))
    return _tell_repair(parsed, queue, done)


def _tell_repair(parsed: argparse.Namespace, queue: Queue, done: Repaired) -> int:
    account: dict[str, Any] = {"queue": queue.name, "dry_run": False, **asdict(done)}
    if parsed.json:
        print_document(account)
    else:
        say(f"Announced {done.announced} records again; {done.messages} messages of {queue.name} are done.")
    for reason in done.left:
        complain(f"Left in the queue: {reason}")
    return LEFT_BEHIND if done.left else 0
