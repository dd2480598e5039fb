"""Lambda entry point of freshness_monitor."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from typing import Any

from functions.freshness_monitor.pass_metrics import run_pass
from functions.hub.adapters.aws import client
from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.adapters.sqs_queue_depths import SQSQueueDepths
from functions.hub.use_cases.watch_freshness import WatchFreshness
from functions.telemetry import log
from functions.wiring import settings

_watch = WatchFreshness(
    registry=DynamoDBRegistry(client("dynamodb"), settings.worlds_table()),
    clock=utc_now,
    stages=settings.stages(),
)
_queues = SQSQueueDepths(client("sqs"), settings.queue_urls())
_tokens = SecretTokens(client("secretsmanager"), settings.tokens_secret_arn(), utc_now)


def lambda_handler(_event: dict[str, Any], _context: object) -> None:
    """Make one pass; the event is ignored.

    If the worlds cannot be read, no heartbeat is written, which raises an alarm.
    """
    watched = run_pass(_watch, _queues, _tokens)
    log.info("watched", worlds=watched.worlds, unreadable=watched.unreadable)


handler = lambda_handler  # the name in the templates; ADR-0027
