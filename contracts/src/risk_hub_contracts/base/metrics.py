"""Every metric of the hub's functions: name, unit and sets of dimensions. Alarms and dashboards read this table.

The values of a dimension come from a closed list, so no text from a caller can create a metric: `stage` from the
allow list of the deployment (for evaluations of strategies: `backtest`, `paper` or `live`), `worker` and `queue`
from the deployed functions, `reason` and `status` from the problem registry, the statuses of reports and validations,
or the outcomes of runs.
`world_id` is the id of a registered world, for at most `PER_WORLD_METRICS_MAX_COUNT` worlds. freshness_monitor
chooses missing worlds first, then those with the greatest lag relative to their limits, then the first ones by name;
the writer and the workers choose the first ones by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from risk_hub_contracts.base.limits import PER_WORLD_METRICS_MAX_COUNT, WORLD_SIZE_ALARM_GIGABYTES

__all__ = ["METRICS", "PER_WORLD_METRICS_MAX_COUNT", "BlobErrorReason", "Metric", "Unit"]

Unit = Literal["Count", "Seconds", "Percent", "Gigabytes"]
BlobErrorReason = Literal["unusable", "unavailable"]
"""Reasons of `BLOB_ERRORS`: the blob (or the large document of a record) is missing or is not what its reference says;
the blob store did not answer."""

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
_BY_WORKER_AND_BY_STAGE: Final = ((WORKER,), (STAGE,))


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: every set of dimensions under which it is written, and the meaning of a value."""

    name: str
    unit: Unit
    dimensions: tuple[tuple[str, ...], ...]
    meaning: str


# Freshness: freshness_monitor, each minute, for every stage of the allow list
SNAPSHOT_LAG: Final = Metric(
    "risk_hub_snapshot_lag_seconds",
    "Seconds",
    _BY_WORLD,
    "Age of the newest as_of of a registered world; by stage, the maximum. Absent before the first snapshot.",
)
SNAPSHOT_MISSING: Final = Metric(
    "risk_hub_snapshot_missing_total",
    "Count",
    _BY_WORLD,
    "Registered worlds without any snapshot, counted from `warn_seconds` after their registration; by stage, outside "
    "their quiet hours.",
)
WORLDS_LATE: Final = Metric(
    "risk_hub_worlds_late_total",
    "Count",
    _BY_STAGE,
    "Registered worlds whose lag exceeds their `warn_seconds`, including the stale ones, outside their quiet hours.",
)
WORLDS_STALE: Final = Metric(
    "risk_hub_worlds_stale_total",
    "Count",
    _BY_STAGE,
    "Registered worlds whose lag exceeds their `critical_seconds`, outside their quiet hours.",
)
WORLDS_QUIET: Final = Metric(
    "risk_hub_worlds_quiet_total",
    "Count",
    _BY_STAGE,
    "Worlds that are late, stale or missing, but in their quiet hours, so the other counts exclude them.",
)
SILENCE_SPREAD: Final = Metric(
    "risk_hub_worlds_silence_spread_total",
    "Count",
    _BY_STAGE,
    "Worlds that became stale or missing in the last five minutes while others already were, outside quiet hours: the "
    "alarm that fires for the others cannot fire again.",
)
WORLDS_EXPECTED: Final = Metric(
    "risk_hub_worlds_expected_total", "Count", _BY_STAGE, "Worlds whose expectation is switched on."
)
WORLDS_UNEXPECTED: Final = Metric(
    "risk_hub_worlds_unexpected_total",
    "Count",
    _BY_STAGE,
    "Worlds that published but are not registered: missing updates raise no alarm.",
)
HEARTBEAT: Final = Metric(
    "risk_hub_heartbeat_total",
    "Count",
    _BY_WORKER,
    "1 for each run in which freshness_monitor checked every world.",
)
TOKEN_END: Final = Metric(
    "risk_hub_token_end_seconds",
    "Seconds",
    _BY_WORKER,
    "Time until the first token without a replacement ends; absent if there is no such token.",
)
QUEUE_DEPTH: Final = Metric(
    "risk_hub_queue_depth_total", "Count", ((QUEUE,),), "Waiting messages in a queue, as counted by SQS."
)

# HTTP: snapshot_writer; refusals by every function behind the API
SNAPSHOT_PROCESSED: Final = Metric(
    "risk_hub_snapshot_processed_total", "Count", _BY_STAGE, "Snapshots stored."
)
SNAPSHOT_DEDUPE: Final = Metric(
    "risk_hub_snapshot_dedupe_total",
    "Count",
    (*_BY_STAGE, *_BY_WORKER, *_OF_WORLD),
    "By stage and world: publications of content that was already stored. By worker: events that were already handled.",
)
WORLD_SIZE: Final = Metric(
    "risk_hub_world_size_gigabytes",
    "Gigabytes",
    _BY_WORLD,
    "Upper bound of DynamoDB's estimate of the storage of a world's snapshots in the table, local index entries included, "
    "after each stored snapshot; by stage, read the maximum. By world from "
    f"{WORLD_SIZE_ALARM_GIGABYTES} GB on: every smaller world has the same bound of 1 GB.",
)
HTTP_REFUSED: Final = Metric(
    "risk_hub_http_refused_total",
    "Count",
    ((REASON,), (STATUS,)),
    "Answered problems, by the slug of their type and by their status (for example `401`; every server error is `5xx`).",
)
BLOB_ERRORS: Final = Metric(
    "risk_hub_blob_errors_total",
    "Count",
    ((REASON,),),
    "Blobs and large documents that a request or a worker could not use.",
)

# Evaluations of strategies: evaluator
VERDICTS_COMPARED: Final = Metric(
    "risk_hub_verdicts_compared_total",
    "Count",
    _BY_STAGE,
    "Strategies whose evaluation has a verdict of the caller and one of the hub.",
)
VERDICT_DISAGREEMENTS: Final = Metric(
    "risk_hub_verdict_disagreements_total",
    "Count",
    _BY_STAGE,
    "Of these, the strategies for which the two verdicts differ: one fails, or only one selects.",
)

# Asynchronous: event_relay and the workers
WORKER_PROCESSED: Final = Metric(
    "risk_hub_worker_processed_total", "Count", _BY_WORKER, "Events handled, with any outcome."
)
SNAPSHOT_EXPIRED: Final = Metric(
    "risk_hub_snapshot_expired_total",
    "Count",
    (*_BY_WORKER_AND_BY_STAGE, *_OF_WORLD),
    "Events whose snapshot expired before a worker handled it; by stage and world, without replays.",
)
REPORTS: Final = Metric(
    "risk_hub_reports_total",
    "Count",
    ((STAGE, STATUS, WORKER),),
    "Evaluations by status (`complete`, `partial`, `insufficient`, `invalid_input`), without replays. For risk_engine and "
    "stress_engine: new reports. For exit_engine: policies applied to a report, by how many of their limits had a number.",
)
VALIDATION_SUCCESS: Final = Metric(
    "risk_hub_validation_success_percent",
    "Percent",
    _BY_STAGE,
    "100 for each new risk report that is `complete` or `partial`, otherwise 0: the average is the success rate.",
)
SNAPSHOT_FAILED: Final = Metric(
    "risk_hub_snapshot_failed_total",
    "Count",
    _BY_WORKER_AND_BY_STAGE,
    "Failed attempts to handle a message; the message returns to its queue.",
)
SNAPSHOT_RETRY: Final = Metric(
    "risk_hub_snapshot_retry_total",
    "Count",
    _BY_WORKER_AND_BY_STAGE,
    "Messages that had been received before.",
)
SNAPSHOT_DLQ: Final = Metric(
    "risk_hub_snapshot_dlq_total",
    "Count",
    _BY_WORKER_AND_BY_STAGE,
    "Messages that failed at their last receive, and records that the relay sent to its failure queue.",
)
PROCESSING_DELAY: Final = Metric(
    "risk_hub_processing_delay_seconds",
    "Seconds",
    _BY_WORKER,
    "Time from the event (for the relay: from the commit) until it was handled, without replays.",
)
QUEUE_AGE: Final = Metric(
    "risk_hub_queue_age_seconds", "Seconds", _BY_WORKER, "How long a message had waited when it was received."
)

# Extended validation: extended_validator
EXTENDED_VALIDATIONS: Final = Metric(
    "risk_hub_extended_validations_total",
    "Count",
    ((STATUS,),),
    "Items of extended validation that were appended to evaluation runs, by status (`pass`, `warn`, `fail`, "
    "`not_evaluated`).",
)
RUNS_NOT_EXTENDED: Final = Metric(
    "risk_hub_runs_not_extended_total",
    "Count",
    ((REASON,),),
    "Evaluation runs that did not get all items of a report, in each attempt. The event is handled again after "
    "`policy_missing`, `policy_damaged`, `run_broken`, `run_contended` and `cohort_incomplete`, and not after "
    "`run_missing` and `run_full`.",
)

# History: snapshot_mover, in each run
HISTORY_MOVED: Final = Metric(
    "risk_hub_history_moved_total", "Count", _BY_WORKER, "Snapshots moved from the table to history."
)
HISTORY_LAG: Final = Metric(
    "risk_hub_history_lag_seconds",
    "Seconds",
    _BY_WORKER,
    "For how long the oldest snapshot that still has to be moved has been due, of all worlds; 0 without one.",
)
HISTORY_DIFFERENCE: Final = Metric(
    "risk_hub_history_difference_total",
    "Count",
    _BY_WORKER,
    "Days of a world whose history is not what the table lists, and damaged segments; each world is compared once a day.",
)
HISTORY_UNRECONCILED: Final = Metric(
    "risk_hub_history_unreconciled_seconds",
    "Seconds",
    _BY_WORKER,
    "Time since the history of a world was last compared with the table, the longest of all worlds.",
)

# Evaluation runs: anchor_keeper, each hour
ANCHORED_HOURS: Final = Metric(
    "risk_hub_anchored_hours_total",
    "Count",
    _BY_WORKER,
    "Hours whose evaluation runs were anchored under Object Lock, hours without runs included.",
)
ANCHORED_RUNS: Final = Metric(
    "risk_hub_anchored_runs_total", "Count", _BY_WORKER, "Evaluation runs whose last items were anchored."
)

METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        each.name: each
        for each in (
            SNAPSHOT_LAG,
            SNAPSHOT_MISSING,
            WORLDS_LATE,
            WORLDS_STALE,
            WORLDS_QUIET,
            SILENCE_SPREAD,
            WORLDS_EXPECTED,
            WORLDS_UNEXPECTED,
            HEARTBEAT,
            TOKEN_END,
            QUEUE_DEPTH,
            SNAPSHOT_PROCESSED,
            SNAPSHOT_DEDUPE,
            WORLD_SIZE,
            HTTP_REFUSED,
            BLOB_ERRORS,
            VERDICTS_COMPARED,
            VERDICT_DISAGREEMENTS,
            WORKER_PROCESSED,
            SNAPSHOT_EXPIRED,
            REPORTS,
            VALIDATION_SUCCESS,
            SNAPSHOT_FAILED,
            SNAPSHOT_RETRY,
            SNAPSHOT_DLQ,
            PROCESSING_DELAY,
            QUEUE_AGE,
            EXTENDED_VALIDATIONS,
            RUNS_NOT_EXTENDED,
            HISTORY_MOVED,
            HISTORY_LAG,
            HISTORY_DIFFERENCE,
            HISTORY_UNRECONCILED,
            ANCHORED_HOURS,
            ANCHORED_RUNS,
        )
    }
)
