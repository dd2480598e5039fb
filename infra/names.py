"""Names shared by infrastructure and code. The module does not import CDK: the local stage reads it too."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

# A folder of functions/ that contains a handler; `infra.functions` lists them.
FunctionFolder: TypeAlias = str
TableName = Literal["snapshots", "worlds", "evaluations", "marks", "segments", "policies", "evaluation_runs"]
StackPart = Literal["data", "service", "operations"]
BundleGroup = Literal["hub", "risk", "evaluation"]

BUNDLE_GROUPS: Final[tuple[BundleGroup, ...]] = ("hub", "risk", "evaluation")

LAMBDA_ARCHITECTURE: Final = "arm64"
METRICS_NAMESPACE: Final = "RiskSignalHub"

API_STAGE_NAME: Final = "v1"
LIVE_ALIAS: Final = "live"

BLOB_PREFIX: Final = "risk-blobs/"
BODY_PREFIX: Final = "risk-bodies/"
UPLOAD_PREFIX: Final = "risk-uploads/"
# Snapshots that were moved out of the table of snapshots; the table of segments lists the objects.
HISTORY_PREFIX: Final = "risk-history/"
HISTORY_SNAPSHOTS_PREFIX: Final = f"{HISTORY_PREFIX}snapshots/"
# Anchors of evaluation runs and their leaves, in the bucket of anchors.
ANCHOR_PREFIX: Final = "evaluation-anchors/"
HISTORY_TABLE: Final = "snapshots"

# Partition and sort key of each table.
TABLE_KEYS: Final[dict[TableName, tuple[str, str]]] = {
    "snapshots": ("world_id", "version"),
    "worlds": ("world_id", "stage"),
    "evaluations": ("world_id", "evaluation_id"),
    "marks": ("world_id", "mark"),
    "segments": ("world_id", "segment_order"),
    "policies": ("policy_group", "policy_record"),
    "evaluation_runs": ("run_key", "run_sequence"),
}

# Names of tables that differ from their purpose. A local index cannot change in place, so the snapshots have a
# new table since their indexes became small (ADR-0054).
TABLE_WORDS: Final[dict[TableName, str]] = {
    "snapshots": "snapshots-2",
    "evaluation_runs": "evaluation-runs",
}
# Name of the table of snapshots in release 1.0; a stage can keep it until its items are copied (ADR-0059).
OLD_SNAPSHOTS: Final = "snapshots"
# Attribute of a copied item: the table that it was copied from. The relay does not announce such an item.
COPIED_FROM: Final = "copied_from"

# Sort key and further attributes of each local index of the snapshots: what queries and their filters compare.
LOCAL_INDEXES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "by_as_of": ("time_order", ("expiry_order", "actor", "created_at")),
    "by_stage": ("stage_time_order", ("expiry_order", "actor", "created_at")),
    "by_expiry": ("expiry_order", ("stage_time_order", "actor", "created_at")),
}

# Partition key, sort key and further attributes of each global index of the runs: lists read the entries of runs in
# the order of their creation, extended validation those of a snapshot (ADR-0071), anchors the items of an hour
# (ADR-0062).
RUN_INDEXES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "by_world": ("list_world", "created_order", ("entry",)),
    "by_strategy": ("list_strategy", "created_order", ("entry",)),
    "by_stage": ("list_stage", "created_order", ("entry",)),
    "by_status": ("list_status", "created_order", ("entry",)),
    "by_stage_and_status": ("list_stage_status", "created_order", ("entry",)),
    "by_snapshot": ("list_snapshot", "created_order", ("entry",)),
    "by_hour": ("recorded_hour", "run_key", ("sha256",)),
}

TTL_ATTRIBUTE: Final = "retain_until"

EVENT_SOURCE: Final = "risk-signal-hub"
SNAPSHOT_UPDATED: Final = "risk_snapshot_updated"
RISK_EVALUATED: Final = "risk_evaluated"
STRESS_EVALUATED: Final = "stress_evaluated"

# Key prefixes of the evaluations table that become events; other items are the engine's internal notes.
ANNOUNCED_REPORT_PREFIXES: Final = ("risk/", "stress/", "exit/")

ACCOUNT_STACK: Final = "RiskHub-account"
EXECUTION_POLICY: Final = "risk-hub-execution"
BOOTSTRAP_QUALIFIER: Final = "hnb659fds"
BOOTSTRAP_VERSION: Final = f"/cdk-bootstrap/{BOOTSTRAP_QUALIFIER}/version"

LOCAL_STAGE: Final = "local"
LOCAL_ACCOUNT: Final = "000000000000"
LOCAL_REGION: Final = "us-east-1"

DEPLOYMENT_STAGE: Final = "RISK_HUB_DEPLOYMENT_STAGE"
SNAPSHOTS_TABLE: Final = "RISK_HUB_SNAPSHOTS_TABLE"
WORLDS_TABLE: Final = "RISK_HUB_WORLDS_TABLE"
EVALUATIONS_TABLE: Final = "RISK_HUB_EVALUATIONS_TABLE"
MARKS_TABLE: Final = "RISK_HUB_MARKS_TABLE"
SEGMENTS_TABLE: Final = "RISK_HUB_SEGMENTS_TABLE"
POLICIES_TABLE: Final = "RISK_HUB_POLICIES_TABLE"
EVALUATION_RUNS_TABLE: Final = "RISK_HUB_EVALUATION_RUNS_TABLE"
BUCKET: Final = "RISK_HUB_BUCKET"
ANCHOR_BUCKET: Final = "RISK_HUB_ANCHOR_BUCKET"
# No template sets it; a rehearsal on a local stage does.
ANCHOR_PREFIX_VARIABLE: Final = "RISK_HUB_ANCHOR_PREFIX"
ANCHOR_LOCK_DAYS: Final = "RISK_HUB_ANCHOR_LOCK_DAYS"
BLOB_GRACE_HOURS: Final = "RISK_HUB_BLOB_GRACE_HOURS"
TOKENS_SECRET_ARN: Final = "RISK_HUB_TOKENS_SECRET_ARN"  # noqa: S105 - a variable's name, not a secret
STAGE_ALLOW_LIST: Final = "RISK_HUB_STAGE_ALLOW_LIST"
OFFLOAD: Final = "RISK_HUB_OFFLOAD"
GROSS_EXPOSURE_MAX: Final = "RISK_HUB_GROSS_EXPOSURE_MAX"
INLINE_COV_THRESHOLD: Final = "RISK_HUB_INLINE_COV_THRESHOLD"
RETENTION_DAYS: Final = "RISK_HUB_RETENTION_DAYS"
HOT_SECONDS: Final = "RISK_HUB_HOT_SECONDS"
MOVE_SETTLE_SECONDS: Final = "RISK_HUB_MOVE_SETTLE_SECONDS"
RISK_FALLBACK: Final = "RISK_HUB_RISK_FALLBACK"
LEGACY_METHOD: Final = "RISK_HUB_LEGACY_METHOD"
BUS_NAME: Final = "RISK_HUB_BUS_NAME"
FAILURE_QUEUE_URL: Final = "RISK_HUB_FAILURE_QUEUE_URL"
QUEUE_URLS: Final = "RISK_HUB_QUEUE_URLS"
BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"
POWERTOOLS_SERVICE_NAME: Final = "POWERTOOLS_SERVICE_NAME"
POWERTOOLS_METRICS_NAMESPACE: Final = "POWERTOOLS_METRICS_NAMESPACE"
POWERTOOLS_LOG_LEVEL: Final = "POWERTOOLS_LOG_LEVEL"


def stack_name(stage: str, part: StackPart) -> str:
    """Return `RiskHub-<stage>-<part>`."""
    return f"RiskHub-{stage}-{part}"


def cost_tags(stage: str) -> dict[str, str]:
    """Return the tags of a stage's stacks; CloudFormation adds them to each resource, for cost allocation."""
    return {"project": "risk-hub", "stage": stage}


def metrics_namespace(stage: str) -> str:
    """Return `RiskSignalHub/<stage>`, so that two deployments in one account have separate alarms."""
    return f"{METRICS_NAMESPACE}/{stage}"


def handler(folder: FunctionFolder) -> str:
    """Return the import path of a function's entry point in Lambda's notation."""
    return f"functions.{folder}.handler.handler"


def physical_name(stage: str, name: str) -> str:
    """Return `risk-hub-<stage>-<name>` with hyphens: tables, functions, queues, rules, alarms."""
    return f"risk-hub-{stage}-{name.replace('_', '-')}"


def table_name(stage: str, table: TableName) -> str:
    """Return the name of a stage's table: `risk-hub-<stage>-snapshots-2`, `risk-hub-<stage>-worlds`."""
    return physical_name(stage, TABLE_WORDS.get(table, table))


def old_snapshots_table_name(stage: str) -> str:
    """Return the name of a stage's table of snapshots of release 1.0: `risk-hub-<stage>-snapshots`."""
    return physical_name(stage, OLD_SNAPSHOTS)


def table_purpose(name: str) -> str:
    """Return the purpose of the table with this physical name: `snapshots` of `risk-hub-<stage>-snapshots-2`."""
    purposes = {word: purpose for purpose, word in TABLE_WORDS.items()}
    renamed = (purpose for word, purpose in purposes.items() if name.endswith(f"-{word}"))
    return next(renamed, name.rpartition("-")[2])


def history_database(stage: str) -> str:
    """Return the name of the Glue database of a stage's history, which needs no quotes in a query."""
    return f"risk_hub_{stage}"


def tokens_secret_name(stage: str) -> str:
    """Return the name of the secret that lists the digests of the stage's tokens."""
    return physical_name(stage, "tokens")


def bus_name(stage: str) -> str:
    """Return `risk-hub-<stage>`, the bus to which consumers add their own rules."""
    return f"risk-hub-{stage}"


def release_application_name(stage: str) -> str:
    """Return the name of the stage's CodeDeploy application; a deployment group has the name of its function."""
    return physical_name(stage, "releases")


def deploy_role_name(stage: str) -> str:
    """Return the name of the role that the workflow assumes to deploy the stage."""
    return physical_name(stage, "deploy")


def bootstrap_role_name(kind: str) -> str:
    """Return the name of a role of CDK's bootstrap (`deploy`, `file-publishing`), as text for a template."""
    return f"cdk-{BOOTSTRAP_QUALIFIER}-{kind}-role-<AWS::AccountId>-<AWS::Region>"


def log_group_name(stage: str, folder: FunctionFolder) -> str:
    """Return the name that Lambda gives a log group by default; declaring the group sets its retention."""
    return f"/aws/lambda/{physical_name(stage, folder)}"


def queue_name(stage: str, worker: str) -> str:
    """Return the name of a worker's queue."""
    return physical_name(stage, worker)


def dead_letter_queue_name(stage: str, worker: str) -> str:
    """Return the name of a worker's dead-letter queue: messages that it received the maximum number of times."""
    return physical_name(stage, f"{worker}-dead-letters")


def relay_failures_name(stage: str) -> str:
    """Return the name of the relay's failure queue: stream records that it could not announce."""
    return physical_name(stage, "event-relay-failures")


def alarm_topic_name(stage: str, severity: str) -> str:
    """Return the name of the topic for alarms of one severity."""
    return physical_name(stage, f"alarms-{severity}")
