"""Lambda entry point of event_relay."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from dataclasses import asdict
from typing import Any

from functions.announcing.announce_commits import AnnounceCommits
from functions.announcing.eventbridge_bus import EventBridgeBus
from functions.announcing.relay_records import RelayRecords
from functions.announcing.replay_snapshots import ReplaySnapshots
from functions.announcing.sqs_failure_queue import SQSFailureQueue
from functions.announcing.stream_records import StreamRecordDecoder
from functions.evaluation.store.dynamodb_reports import DynamoDBReports
from functions.event_relay.batch_metrics import report
from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.telemetry import log
from functions.wiring import settings
from functions.wiring.history import whole_history
from risk_hub_contracts.base.problem_types import ProblemError

_dynamodb = client("dynamodb")
_bodies = BodyStore(client("s3"), settings.bucket())
_reports = DynamoDBReports(_dynamodb, settings.reports_table())
_announce = AnnounceCommits(
    worlds=DynamoDBWorlds(_dynamodb, settings.worlds_table()),
    bus=EventBridgeBus(client("events"), settings.bus_name()),
)
_relay = RelayRecords(
    decoder=StreamRecordDecoder(_bodies),
    announce=_announce,
    failures=SQSFailureQueue(client("sqs"), settings.failure_queue_url()),
)
_replay = ReplaySnapshots(
    snapshots=whole_history(DynamoDBSnapshots(_dynamodb, settings.snapshots_table(), _bodies), utc_now),
    evaluations=_reports,
    reports=_reports,
    announce=_announce,
    clock=utc_now,
)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Announce one batch of stream records, or replay what an operator asks for.

    An error makes the stream deliver the whole batch again.
    """
    if "replay" in event:
        return _replay_result(event["replay"])
    relayed = _relay(event["Records"])
    if relayed.isolated:  # other batches need no line of their own: `report` logs the same counts as metrics
        log.info("relayed", announced=relayed.announced, isolated=relayed.isolated)
    report(event["Records"], relayed, utc_now())
    return {"batchItemFailures": []}


handler = lambda_handler  # the name in the templates; ADR-0027


def _replay_result(request: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a replay, or `refused` with the reason; a refusal is not a function error."""
    try:
        replayed = asdict(_replay(request))
    except (ValueError, ProblemError) as error:
        log.warning("a replay was refused", error)
        return {"refused": str(error)}
    log.info("replayed", replay=request, **replayed)
    return replayed
