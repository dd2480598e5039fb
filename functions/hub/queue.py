"""The queue door: messages that a rule put on a worker's queue in, partial batch replies and health metrics out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from events.envelope import CloudEvent
from functions.hub.ports import Clock
from risk_hub_contracts.times import parse_instant

WorkerName = Literal["risk_engine", "stress_engine", "exit_engine"]
"""The closed list of the dimension `worker`: nothing that an event says can create a metric."""
Worker = Callable[[CloudEvent], str]
Handler = Callable[[dict[str, Any], Any], Any]

PROCESSED = "risk_hub_worker_processed_total"
RETRIED = "risk_hub_snapshot_retry_total"
DELAY = "risk_hub_processing_delay_seconds"
COUNTED_OUTCOMES = {
    "repeated": "risk_hub_snapshot_dedupe_total",
    "expired": "risk_hub_snapshot_expired_total",
}
FIRST_RECEIVE = 1


def queue_worker(name: WorkerName, work: Worker, clock: Clock) -> Handler:
    """Return the Lambda handler that gives each message's event to a worker.

    A worker returns a word for what it did, which is logged and counted. Whatever it raises sends that message alone
    back to the queue, and after the queue's maximum of receives to its dead-letter queue.

    Args:
        name: the worker's, for its metrics.
        work: takes one event; see `use_cases.work_on_snapshot.Outcome` for its words.
        clock: the hub's, against which the delay is measured.
    """
    logger = Logger()
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401
        health = Health(name)

        def work_on(record: SQSRecord) -> None:
            health.received(int(record.attributes.approximate_receive_count))
            announced = CloudEvent.model_validate(record.json_body["detail"])
            outcome = work(announced)
            health.worked(outcome, announced, clock())
            logger.info(
                "worked",
                event_id=announced.id,
                subject=announced.subject,
                outcome=outcome,
                correlation_id=announced.correlationid,
            )

        reply = process_partial_response(event, work_on, processor, context)
        for error in processor.exceptions:
            logger.warning("message returned to the queue", exc_info=error[1])
        health.report()
        return reply

    return handler


class Health:
    """The metrics of one batch, written as one EMF line."""

    def __init__(self, worker: WorkerName) -> None:
        self._metrics = EphemeralMetrics()
        self._metrics.add_dimension(name="worker", value=worker)

    def received(self, receives: int) -> None:
        """Count a message that was received before: its first handling failed or was cut short."""
        if receives > FIRST_RECEIVE:
            self._count(RETRIED)

    def worked(self, outcome: str, event: CloudEvent, now: datetime) -> None:
        """Count a message that was handled, and measure how long after its event that was, in seconds.

        A replay comes days later by design: its delay says nothing about the pipeline and would set off alarms.
        """
        self._count(PROCESSED)
        if outcome in COUNTED_OUTCOMES:
            self._count(COUNTED_OUTCOMES[outcome])
        if event.replay:
            return
        delay_seconds = (now - parse_instant(event.time)).total_seconds()
        self._metrics.add_metric(name=DELAY, unit=MetricUnit.Seconds, value=max(delay_seconds, 0.0))

    def report(self) -> None:
        """Write the line, if there is anything to say."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()

    def _count(self, name: str) -> None:
        self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
