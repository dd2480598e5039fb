"""Table of the deployed functions: one row for each folder with a handler. The module does not import CDK.

Bundles, stacks, roles, alarms, dashboards and the operator's commands are derived from it
(docs/guides/extending.md). No role can delete history; only the reaper deletes anything: blobs that no snapshot
refers to, and their marks. Only the mover changes stored snapshots: it leaves tombstones of those in history.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from infra import names
from infra.function_spec import HOUR_MINUTES, FunctionSpec, allow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.names import BundleGroup, FunctionFolder

BLOBS: Final = f"bucket/{names.BLOB_PREFIX}*"
BODIES: Final = f"bucket/{names.BODY_PREFIX}*"
UPLOADS: Final = f"bucket/{names.UPLOAD_PREFIX}*"
ANCHORS: Final = f"anchors/{names.ANCHOR_PREFIX}*"
HISTORY: Final = f"bucket/{names.HISTORY_PREFIX}*"

READ_TOKENS: Final = allow("secretsmanager:GetSecretValue", on="tokens")
READ_SNAPSHOT: Final = allow("dynamodb:GetItem", on="snapshots")
READ_BLOBS_AND_BODIES: Final = allow("s3:GetObject", on=(BLOBS, BODIES))
# The tombstone of a moved snapshot names its segment; only a search by time needs the table of segments.
READ_MOVED: Final = allow("s3:GetObject", on=HISTORY)
SEARCH_HISTORY: Final = allow("dynamodb:Query", on="segments")
# Finds the worlds that have their own metrics.
SCAN_WORLDS: Final = allow("dynamodb:Scan", on="worlds")
PUT_REPORT: Final = allow("dynamodb:PutItem", on="evaluations")
# A record and a history are read from the chain of a run, lists from the indexes of the list entries.
READ_RUNS: Final = allow("dynamodb:Query", on="evaluation_runs")
LIST_RUNS: Final = allow(
    "dynamodb:Query",
    on=tuple(
        f"evaluation_runs/index/{index}"
        for index in names.RUN_INDEXES
        if index not in {"by_hour", "by_snapshot"}
    ),
)
# Creations and further items. An item is put under a free key only; the policy of the table lets no role update or
# delete one.
APPEND_RUNS: Final = allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", on="evaluation_runs")
# With it S3 answers 404 for a missing object, without it 403.
LIST_BUCKET: Final = allow("s3:ListBucket", on="bucket")

REPORT_VARIABLES: Final = (
    names.SNAPSHOTS_TABLE,
    names.SEGMENTS_TABLE,
    names.WORLDS_TABLE,
    names.EVALUATIONS_TABLE,
    names.BUCKET,
    names.RETENTION_DAYS,
    names.STAGE_ALLOW_LIST,
)

_TABLE: Final = (
    FunctionSpec(
        folder="snapshot_writer",
        # Three attempts of three seconds and their back-off end within 14; below KNOWN_AT_SETTLE_SECONDS
        # (ADR-0006).
        memory_mib=1024,
        timeout_seconds=14,
        serves_api=True,
        stops_release=True,
        variables=(
            names.SNAPSHOTS_TABLE,
            names.SEGMENTS_TABLE,
            names.MARKS_TABLE,
            names.WORLDS_TABLE,
            names.BUCKET,
            names.TOKENS_SECRET_ARN,
            names.STAGE_ALLOW_LIST,
            names.RETENTION_DAYS,
            names.GROSS_EXPOSURE_MAX,
            names.OFFLOAD,
            names.INLINE_COV_THRESHOLD,
        ),
        grants=(
            allow("dynamodb:PutItem", on="snapshots"),
            READ_MOVED,
            allow("dynamodb:GetItem", "dynamodb:PutItem", on="marks"),
            SCAN_WORLDS,
            READ_TOKENS,
            allow("s3:GetObject", "s3:PutObject", on=(BLOBS, BODIES, UPLOADS)),
            allow("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", on=UPLOADS),
            LIST_BUCKET,
        ),
    ),
    FunctionSpec(
        folder="snapshot_reader",
        memory_mib=1024,
        timeout_seconds=14,
        serves_api=True,
        stops_release=True,
        variables=(
            names.SNAPSHOTS_TABLE,
            names.SEGMENTS_TABLE,
            names.WORLDS_TABLE,
            names.EVALUATIONS_TABLE,
            names.BUCKET,
            names.TOKENS_SECRET_ARN,
            names.STAGE_ALLOW_LIST,
            names.GROSS_EXPOSURE_MAX,
            names.OFFLOAD,
            names.INLINE_COV_THRESHOLD,
        ),
        grants=(
            allow("dynamodb:BatchGetItem", "dynamodb:GetItem", on="snapshots"),
            allow(
                "dynamodb:Query",
                on=("snapshots/index/by_as_of", "snapshots/index/by_stage", "snapshots/index/by_expiry"),
            ),
            SEARCH_HISTORY,
            READ_MOVED,
            allow("dynamodb:Query", on="worlds"),
            allow("dynamodb:BatchGetItem", "dynamodb:Query", on="evaluations"),
            allow("dynamodb:Query", on="evaluations/index/by_emission"),
            READ_TOKENS,
            READ_BLOBS_AND_BODIES,
            LIST_BUCKET,
        ),
    ),
    FunctionSpec(
        folder="world_registry",
        memory_mib=512,
        timeout_seconds=14,
        serves_api=True,
        stops_release=True,
        variables=(
            names.WORLDS_TABLE,
            names.EVALUATIONS_TABLE,
            names.TOKENS_SECRET_ARN,
            names.STAGE_ALLOW_LIST,
            # A policy on a method that the risk engine does not compute is refused.
            names.LEGACY_METHOD,
        ),
        grants=(
            allow("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem", on="worlds"),
            # Versions of exit policies; scenario names are compared with the latest stress report.
            allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", on="evaluations"),
            READ_TOKENS,
        ),
    ),
    FunctionSpec(
        folder="evaluation_registry",
        bundle="evaluation",
        memory_mib=1024,
        timeout_seconds=14,
        # Its failures stop a release by the alarm on the server errors of the API.
        serves_api=True,
        variables=(
            names.POLICIES_TABLE,
            names.EVALUATION_RUNS_TABLE,
            names.TOKENS_SECRET_ARN,
            names.STAGE_ALLOW_LIST,
        ),
        grants=(
            # A row is put under a free key only: no version and no activation is ever replaced.
            allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", on="policies"),
            allow("dynamodb:Query", on="policies/index/by_policy"),
            READ_RUNS,
            LIST_RUNS,
            READ_TOKENS,
        ),
    ),
    FunctionSpec(
        folder="evaluator",
        bundle="evaluation",
        # One processor: 1,000 strategies with 30 rules take seconds of calculation, and 40 transactions.
        memory_mib=1769,
        # API Gateway waits 29 seconds; a repeated request continues where this one stopped.
        timeout_seconds=28,
        serves_api=True,
        variables=(
            names.SNAPSHOTS_TABLE,
            names.WORLDS_TABLE,
            names.POLICIES_TABLE,
            names.EVALUATION_RUNS_TABLE,
            names.BUCKET,
            names.TOKENS_SECRET_ARN,
            names.STAGE_ALLOW_LIST,
        ),
        grants=(
            # It reads policies and activations, and cannot store one.
            allow("dynamodb:GetItem", "dynamodb:Query", on="policies"),
            allow("dynamodb:BatchGetItem", "dynamodb:GetItem", on="snapshots"),
            allow("dynamodb:Query", on=("snapshots/index/by_stage", "snapshots/index/by_expiry")),
            allow("dynamodb:Query", on="worlds"),
            APPEND_RUNS,
            # Runs that a request names, and those that an interrupted request stored.
            allow("dynamodb:BatchGetItem", on="evaluation_runs"),
            READ_BLOBS_AND_BODIES,
            LIST_BUCKET,
            READ_TOKENS,
        ),
    ),
    FunctionSpec(
        folder="event_relay",
        memory_mib=512,
        timeout_seconds=60,
        streams=("snapshots", "evaluations"),
        stops_release=True,
        variables=(
            names.SNAPSHOTS_TABLE,
            names.SEGMENTS_TABLE,
            names.EVALUATIONS_TABLE,
            names.WORLDS_TABLE,
            names.BUCKET,
            names.BUS_NAME,
            names.FAILURE_QUEUE_URL,
        ),
        grants=(
            allow("dynamodb:UpdateItem", on="worlds"),
            allow("dynamodb:GetItem", on=("snapshots", "evaluations")),
            allow(
                "dynamodb:Query",
                on=("snapshots/index/by_as_of", "snapshots/index/by_stage", "evaluations"),
            ),
            SEARCH_HISTORY,
            READ_MOVED,
            allow("events:PutEvents", on="bus"),
            allow("sqs:SendMessage", on="relay-failures"),
            allow("s3:GetObject", on=BODIES),
        ),
    ),
    FunctionSpec(
        folder="risk_engine",
        bundle="risk",
        memory_mib=1769,
        timeout_seconds=60,
        events=(names.SNAPSHOT_UPDATED,),
        stops_release=True,
        variables=(names.RISK_FALLBACK, names.LEGACY_METHOD, names.BLAS_THREADS, *REPORT_VARIABLES),
        grants=(
            READ_SNAPSHOT,
            READ_MOVED,
            SCAN_WORLDS,
            PUT_REPORT,
            READ_BLOBS_AND_BODIES,
            LIST_BUCKET,
            # Verdicts on blobs, and reports to verify; large forecasts are stored as objects.
            allow("dynamodb:GetItem", on="evaluations"),
            allow("s3:PutObject", on=BODIES),
        ),
    ),
    FunctionSpec(
        folder="stress_engine",
        memory_mib=1024,
        timeout_seconds=60,
        events=(names.SNAPSHOT_UPDATED,),
        stops_release=True,
        variables=REPORT_VARIABLES,
        grants=(READ_SNAPSHOT, READ_MOVED, SCAN_WORLDS, PUT_REPORT, READ_BLOBS_AND_BODIES, LIST_BUCKET),
    ),
    FunctionSpec(
        folder="exit_engine",
        memory_mib=512,
        timeout_seconds=60,
        events=(names.RISK_EVALUATED, names.STRESS_EVALUATED),
        stops_release=True,
        # Messages that wait or are lost here may be exit signals.
        queue_severity="critical",
        variables=REPORT_VARIABLES,
        grants=(
            # The state of the exit rules is in the table of reports.
            allow("dynamodb:GetItem", on=("snapshots", "worlds", "evaluations")),
            READ_MOVED,
            SCAN_WORLDS,
            PUT_REPORT,
            allow("s3:GetObject", on=BODIES),
        ),
    ),
    FunctionSpec(
        folder="extended_validator",
        bundle="evaluation",
        memory_mib=1024,
        # The most runs of one event take less; a repetition continues after the runs that have their items.
        timeout_seconds=120,
        events=(names.RISK_EVALUATED, names.STRESS_EVALUATED),
        variables=(names.EVALUATION_RUNS_TABLE, names.POLICIES_TABLE, names.STAGE_ALLOW_LIST),
        grants=(
            # Without a run of the snapshot, the query of the index is the only request.
            allow("dynamodb:Query", on=("evaluation_runs", "evaluation_runs/index/by_snapshot")),
            # Items are put under a free key; the list entry of the run is put again.
            allow("dynamodb:PutItem", on="evaluation_runs"),
            allow("dynamodb:GetItem", on="policies"),
        ),
    ),
    FunctionSpec(
        folder="freshness_monitor",
        memory_mib=1024,
        # Each run must end before the next minute begins.
        timeout_seconds=50,
        every_minutes=1,
        variables=(names.WORLDS_TABLE, names.TOKENS_SECRET_ARN, names.QUEUE_URLS, names.STAGE_ALLOW_LIST),
        grants=(SCAN_WORLDS, READ_TOKENS, allow("sqs:GetQueueAttributes", on="queues")),
    ),
    FunctionSpec(
        folder="snapshot_mover",
        memory_mib=1024,
        # Ends before the next run begins.
        timeout_seconds=240,
        every_minutes=5,
        single=True,
        variables=(
            names.SNAPSHOTS_TABLE,
            names.SEGMENTS_TABLE,
            names.WORLDS_TABLE,
            names.BUCKET,
            names.HOT_SECONDS,
            names.MOVE_SETTLE_SECONDS,
        ),
        grants=(
            SCAN_WORLDS,
            # Replaces an item by its tombstone, after its snapshot was read back from history.
            allow("dynamodb:UpdateItem", on="snapshots"),
            allow("dynamodb:Query", on=("snapshots", "snapshots/index/by_as_of")),
            allow(
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
                on="segments",
            ),
            allow("s3:GetObject", on=(BODIES, HISTORY)),
            allow("s3:PutObject", on=HISTORY),
            LIST_BUCKET,
        ),
    ),
    FunctionSpec(
        folder="anchor_keeper",
        bundle="evaluation",
        memory_mib=1769,
        # The first anchor, and a verification, read every item of the table.
        timeout_seconds=300,
        every_minutes=HOUR_MINUTES,
        variables=(names.EVALUATION_RUNS_TABLE, names.ANCHOR_BUCKET, names.ANCHOR_LOCK_DAYS),
        grants=(
            allow("dynamodb:Query", "dynamodb:Scan", on=("evaluation_runs", "evaluation_runs/index/by_hour")),
            allow("s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectRetention", on=ANCHORS),
            # An anchor is read as its first version, whatever was put over it.
            allow("s3:ListBucketVersions", on="anchors"),
        ),
    ),
    FunctionSpec(
        folder="blob_reaper",
        memory_mib=512,
        # Far below the duration of a deletion lease, which must outlive the run that took it (ADR-0018).
        timeout_seconds=120,
        every_minutes=HOUR_MINUTES,
        variables=(names.SNAPSHOTS_TABLE, names.MARKS_TABLE, names.BUCKET, names.BLOB_GRACE_HOURS),
        grants=(
            allow(
                "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", on="marks"
            ),
            READ_SNAPSHOT,
            LIST_BUCKET,
            allow("s3:DeleteObject", on=BLOBS),
        ),
    ),
)

FUNCTIONS: Final[Mapping[FunctionFolder, FunctionSpec]] = MappingProxyType(
    {spec.folder: spec for spec in _TABLE}
)
FUNCTION_FOLDERS: Final[tuple[FunctionFolder, ...]] = tuple(FUNCTIONS)
# Functions behind the API: their releases affect callers immediately.
API_FUNCTIONS: Final = tuple(spec.folder for spec in _TABLE if spec.serves_api)
BUNDLE_OF: Final[Mapping[FunctionFolder, BundleGroup]] = {spec.folder: spec.bundle for spec in _TABLE}
# Every worker and the events that its rule sends to its queue.
WORKER_EVENTS: Final[Mapping[FunctionFolder, tuple[str, ...]]] = {
    spec.folder: spec.events for spec in _TABLE if spec.events
}
# Workers whose results are counted by the status of a report.
REPORT_WORKERS: Final[tuple[FunctionFolder, ...]] = ("risk_engine", "stress_engine", "exit_engine")
