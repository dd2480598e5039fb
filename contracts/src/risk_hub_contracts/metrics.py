"""Every metric that the hub's functions write: its name, unit and dimension sets. Alarms and dashboards read this table.

A dimension's values come from a closed list, so that nothing a caller sends can create a metric: `stage` from the
deployment's allow list, `worker` and `queue` from the deployed functions, `reason` and `status` from the problem registry or
from the statuses of reports.
`world_id` is that of an expected world, `PER_WORLD_METRICS_MAX_COUNT` of them at most: freshness_monitor takes the worst of
a minute, and while fewer are late the first ones by name; the writer and the workers take the first ones by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from risk_hub_contracts.limits import PER_WORLD_METRICS_MAX_COUNT

__all__ = ["METRICS", "PER_WORLD_METRICS_MAX_COUNT", "BlobFault", "Metric", "Unit"]

Unit = Literal["Count", "Seconds", "Percent"]
BlobFault = Literal["unusable", "unavailable"]
"""Reasons of `BLOB_ERRORS`: the blob is missing or is not what its reference says; the blob store did not answer."""

STAGE: Final = "stage"
WORLD_ID: Final = "world_id"
WORKER: Final = "worker"
QUEUE: Final = "queue"
REASON: Final = "reason"
STATUS: Final = "status"
_BY_STAGE: Final = ((STAGE,),)
_OF_WORLD: Final = ((STAGE, WORLD_ID),)
_BY_WORLD: Final = (*_BY_STAGE, *_OF_WORLD)
_BY_WORKER: Final = ((WORKER,),)
_BY_BOTH: Final = ((WORKER,), (STAGE,))


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: every set of dimensions under which it is written, and what a value says."""

    name: str
    unit: Unit
    dimensions: tuple[tuple[str, ...], ...]
    says: str


# Freshness: freshness_monitor, each minute, for every stage of the allow list
SNAPSHOT_LAG: Final = Metric(
    "risk_hub_snapshot_lag_seconds",
    "Seconds",
    _BY_WORLD,
    "Age of the newest as_of of an expected world; by stage, of the worst one. Absent where none has come.",
)
SNAPSHOT_MISSING: Final = Metric(
    "risk_hub_snapshot_missing_total",
    "Count",
    _BY_WORLD,
    "Worlds that are expected and never came, from `warn_seconds` after their registration on; by stage, outside their "
    "quiet hours.",
)
WORLDS_LATE: Final = Metric(
    "risk_hub_worlds_late_total",
    "Count",
    _BY_STAGE,
    "Expected worlds whose lag is past their own `warn_seconds`, the stale ones included, outside their quiet hours.",
)
WORLDS_STALE: Final = Metric(
    "risk_hub_worlds_stale_total",
    "Count",
    _BY_STAGE,
    "Expected worlds whose lag is past their own `critical_seconds`, outside their quiet hours.",
)
WORLDS_QUIET: Final = Metric(
    "risk_hub_worlds_quiet_total",
    "Count",
    _BY_STAGE,
    "Worlds that are late, stale or missing, and that quiet hours keep out of these counts.",
)
SILENCE_SPREAD: Final = Metric(
    "risk_hub_worlds_silence_spread_total",
    "Count",
    _BY_STAGE,
    "Worlds that became stale (or missing) in the last five minutes while others were so already, outside quiet hours: "
    "the alarm that rings for those cannot ring again.",
)
WORLDS_EXPECTED: Final = Metric(
    "risk_hub_worlds_expected_total", "Count", _BY_STAGE, "Worlds whose expectation is switched on."
)
WORLDS_UNEXPECTED: Final = Metric(
    "risk_hub_worlds_unexpected_total",
    "Count",
    _BY_STAGE,
    "Worlds that published and that nobody expects: their silence is not watched.",
)
HEARTBEAT: Final = Metric(
    "risk_hub_heartbeat_total",
    "Count",
    _BY_WORKER,
    "1 for each pass in which freshness_monitor saw every world.",
)
TOKEN_END: Final = Metric(
    "risk_hub_token_end_seconds",
    "Seconds",
    _BY_WORKER,
    "Time until the first token ends that no other live token replaces; absent while there is no such token.",
)
QUEUE_DEPTH: Final = Metric(
    "risk_hub_queue_depth_total", "Count", ((QUEUE,),), "Messages that wait in a queue, by SQS's count."
)

# HTTP: snapshot_writer, and every door for its refusals
SNAPSHOT_PROCESSED: Final = Metric(
    "risk_hub_snapshot_processed_total", "Count", _BY_STAGE, "Snapshots stored."
)
SNAPSHOT_DEDUPE: Final = Metric(
    "risk_hub_snapshot_dedupe_total",
    "Count",
    (*_BY_STAGE, *_BY_WORKER, *_OF_WORLD),
    "By stage and world: publications of content that was stored before. By worker: events that it had handled before.",
)
HTTP_REFUSED: Final = Metric(
    "risk_hub_http_refused_total",
    "Count",
    ((REASON,), (STATUS,)),
    "Problems answered, by the slug of their type, and by their status (`401`; every server error is `5xx`).",
)
BLOB_ERRORS: Final = Metric(
    "risk_hub_blob_errors_total",
    "Count",
    ((REASON,),),
    "Blobs that could not be used, at a door or in a worker.",
)

# Behind the door: event_relay and the workers
WORKER_PROCESSED: Final = Metric(
    "risk_hub_worker_processed_total", "Count", _BY_WORKER, "Events handled, whatever came of it."
)
SNAPSHOT_EXPIRED: Final = Metric(
    "risk_hub_snapshot_expired_total",
    "Count",
    (*_BY_BOTH, *_OF_WORLD),
    "Events whose snapshot had expired before a worker came to it; by stage and world, without replays.",
)
REPORTS: Final = Metric(
    "risk_hub_reports_total",
    "Count",
    ((STAGE, STATUS, WORKER),),
    "Evaluations by status (`complete`, `partial`, `insufficient`, `invalid_input`): of risk_engine and stress_engine, new "
    "reports; of exit_engine, policies held against a report, by whether each limit had a number. Without replays.",
)
VALIDATION_SUCCESS: Final = Metric(
    "risk_hub_validation_success_percent",
    "Percent",
    _BY_STAGE,
    "100 for each new risk report that is `complete` or `partial`, 0 for each other one: the average is the success rate.",
)
SNAPSHOT_FAILED: Final = Metric(
    "risk_hub_snapshot_failed_total", "Count", _BY_BOTH, "Handlings that failed; the message goes back."
)
SNAPSHOT_RETRY: Final = Metric(
    "risk_hub_snapshot_retry_total", "Count", _BY_BOTH, "Messages that were received before."
)
SNAPSHOT_DLQ: Final = Metric(
    "risk_hub_snapshot_dlq_total",
    "Count",
    _BY_BOTH,
    "Messages whose last receive failed, and records that the relay set aside.",
)
PROCESSING_DELAY: Final = Metric(
    "risk_hub_processing_delay_seconds",
    "Seconds",
    _BY_WORKER,
    "From the event (for the relay: from the commit) until it was handled; replays are left out.",
)
QUEUE_AGE: Final = Metric(
    "risk_hub_queue_age_seconds", "Seconds", _BY_WORKER, "How long a message had waited when it was received."
)

METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {value.name: value for value in tuple(globals().values()) if isinstance(value, Metric)}
)
