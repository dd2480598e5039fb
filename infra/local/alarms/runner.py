"""Alarms of a running local stage: reads metrics, writes transitions to the journal and the webhook."""

import json
import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from infra.local.alarms.evaluate import TimeScale
from infra.local.alarms.journal import Entry, Journal
from infra.local.alarms.metric_log import MetricLog
from infra.local.alarms.notification import envelope
from infra.local.alarms.platform_metrics import RequestMeter, queue_depths
from infra.local.alarms.settings import AlarmSettings
from infra.local.alarms.template_rules import template_rules
from infra.local.alarms.watch import AlarmWatch, Transition
from infra.local.assembly import read_operations
from infra.local.aws import LocalAws
from infra.local.http_call import call

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sqs import SQSClient

EVALUATION_INTERVAL_SECONDS: Final = 1.0
DEPTH_INTERVAL_SECONDS: Final = 20.0
# A metric line is read from the logs within two seconds of its writing.
SETTLE_SECONDS: Final = 4.0
# The wall clock was set, or the machine slept, if it moved by more than this against the monotonic clock.
CLOCK_JUMP_MIN_SECONDS: Final = 30.0
WEBHOOK_TIMEOUT_SECONDS: Final = 5.0
FIRST_FAILURE_STATUS: Final = 300

logger = logging.getLogger("local-stage.alarms")


class AlarmRunner:
    """A thread that measures queues, evaluates the alarms, and reports every change."""

    def __init__(self, endpoint: str, settings: AlarmSettings, journal: Journal) -> None:
        self.log, self.meter = MetricLog(), RequestMeter()
        self._endpoint, self._settings, self._journal = endpoint, settings, journal
        self._time_scale = TimeScale(settings.speed)
        self._watch = AlarmWatch(template_rules(read_operations()), self.log, time.time(), self._time_scale)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarm-runner", daemon=True)
        self._measured_at = 0.0
        self._clock_offset = _clock_offset()

    def start(self) -> None:
        """Start the thread with an empty journal."""
        self._journal.start()
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it is a daemon and holds no resource that must be closed."""
        self._stopped.set()

    def _run(self) -> None:
        aws = LocalAws(self._endpoint)
        sqs, cloudwatch = aws.client("sqs"), aws.client("cloudwatch")
        while not self._stopped.wait(EVALUATION_INTERVAL_SECONDS):
            try:
                self._measure(sqs, cloudwatch)
                self._restart_after_clock_jump()
                for transition in self._watch.evaluate_rules(time.time() - SETTLE_SECONDS):
                    self._report(transition)
            except Exception:  # if the thread ended, no alarm would work
                if not self._stopped.is_set():
                    logger.exception("The alarms could not be evaluated")

    def _restart_after_clock_jump(self) -> None:
        """Restart the watch when the wall clock jumped.

        Otherwise alarms would stay silent until the clock caught up, or turn on without a cause.
        """
        offset = _clock_offset()
        if abs(offset - self._clock_offset) > CLOCK_JUMP_MIN_SECONDS:
            logger.warning(
                "The clock jumped by %.0f s: the evaluation of the alarms was restarted",
                offset - self._clock_offset,
            )
            self._clock_offset = offset
            self._watch.restart(time.time())

    def _measure(self, sqs: "SQSClient", cloudwatch: "CloudWatchClient") -> None:
        self._record(cloudwatch, "AWS/ApiGateway", self.meter.take())
        if time.monotonic() - self._measured_at >= self._time_scale.real_seconds(DEPTH_INTERVAL_SECONDS):
            self._measured_at = time.monotonic()
            self._record(cloudwatch, "AWS/SQS", list(queue_depths(sqs, datetime.now(tz=UTC))))

    def _record(self, cloudwatch: "CloudWatchClient", namespace: str, entries: list[Any]) -> None:
        if entries:
            self.log.add(namespace, entries)
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=entries)

    def _report(self, transition: Transition) -> None:
        self._journal.append(Entry.of(transition))
        if self._settings.webhook:
            post_notification(self._settings.webhook, envelope(transition, self._settings.secret))


def _clock_offset() -> float:
    return time.time() - time.monotonic()


def post_notification(url: str, document: Mapping[str, str]) -> None:
    """Post a notification once; log the address if the subscriber does not accept it."""
    headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": document["Type"]}
    try:
        status = call("POST", url, headers, json.dumps(document).encode(), WEBHOOK_TIMEOUT_SECONDS).status
    except OSError as error:
        logger.warning("The webhook %s could not be called for %s: %s", url, document["Subject"], error)
        return
    if status >= FIRST_FAILURE_STATUS:
        logger.warning("The webhook %s rejected %s: status %s", url, document["Subject"], status)
