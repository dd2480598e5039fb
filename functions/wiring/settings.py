"""Settings of a function, read from its environment; `infra/names.py` lists the variables.

A handler reads its settings when it is imported, so a missing variable stops the function at its start.
"""

import os
from datetime import timedelta

from risk_hub_contracts.base.limits import INLINE_COV_THRESHOLD_DEFAULT_ENTRIES


def snapshots_table() -> str:
    """Return the name of the table of snapshots."""
    return _required("SNAPSHOTS_TABLE")


def worlds_table() -> str:
    """Return the name of the table of worlds: heads, expectations and exit policies."""
    return _required("WORLDS_TABLE")


def reports_table() -> str:
    """Return the name of the table of reports, signals, forecasts and input notes."""
    return _required("EVALUATIONS_TABLE")


def marks_table() -> str:
    """Return the name of the table of blob marks."""
    return _required("MARKS_TABLE")


def segments_table() -> str:
    """Return the name of the table that lists the segments of history, and the moves in progress."""
    return _required("SEGMENTS_TABLE")


def optional_segments_table() -> str | None:
    """Return the name of the table of segments; None in a deployment without history."""
    return _optional("SEGMENTS_TABLE", "") or None


def policies_table() -> str:
    """Return the name of the table of evaluation policies and their activations."""
    return _required("POLICIES_TABLE")


def evaluation_runs_table() -> str:
    """Return the name of the table of evaluation runs."""
    return _required("EVALUATION_RUNS_TABLE")


def bucket() -> str:
    """Return the name of the bucket of blobs and bodies."""
    return _required("BUCKET")


def anchor_bucket() -> str:
    """Return the name of the bucket of the anchors of evaluation runs."""
    return _required("ANCHOR_BUCKET")


def anchor_lock() -> timedelta:
    """Return how long no principal can delete an anchor."""
    return timedelta(days=int(_required("ANCHOR_LOCK_DAYS")))


def anchor_prefix() -> str:
    """Return the beginning of the keys of anchors; a test of a stage may begin another chain of anchors."""
    return _optional("ANCHOR_PREFIX", "evaluation-anchors")


def tokens_secret_arn() -> str:
    """Return the ARN of the secret with the list of tokens."""
    return _required("TOKENS_SECRET_ARN")


def bus_name() -> str:
    """Return the name of the event bus."""
    return _required("BUS_NAME")


def failure_queue_url() -> str:
    """Return the URL of the queue for records that the relay cannot read."""
    return _required("FAILURE_QUEUE_URL")


def queue_urls() -> list[str]:
    """Return the URLs of the queues whose depths are measured."""
    return _required("QUEUE_URLS").split(",")


def stages() -> frozenset[str]:
    """Return the stages that a producer may name."""
    return frozenset(_required("STAGE_ALLOW_LIST").split(","))


def retention() -> timedelta:
    """Return how long the stores keep their items."""
    return timedelta(days=int(_required("RETENTION_DAYS")))


def hot_window() -> timedelta:
    """Return the age of `as_of` from which a snapshot is moved from the table to history."""
    return timedelta(seconds=int(_required("HOT_SECONDS")))


def move_settle() -> timedelta:
    """Return how long after its commit a snapshot must stay in the hot table."""
    return timedelta(seconds=int(_required("MOVE_SETTLE_SECONDS")))


def blob_grace() -> timedelta:
    """Return how long a blob that no snapshot refers to is kept."""
    return timedelta(hours=int(_required("BLOB_GRACE_HOURS")))


def offload_enabled() -> bool:
    """Return whether large inline components are moved to the blob store."""
    return _required("OFFLOAD") == "true"


def inline_threshold_entries() -> int:
    """Return the greatest size of a component that stays inline; producers and the hub share it."""
    return int(_optional("INLINE_COV_THRESHOLD", str(INLINE_COV_THRESHOLD_DEFAULT_ENTRIES)))


def gross_exposure_max() -> str:
    """Return the limits on gross exposure, such as `live=20,paper=100`; empty: the contract's default."""
    return _optional("GROSS_EXPOSURE_MAX", "")


def risk_fallback() -> str:
    """Return the covariance that is used in place of an unusable one, or `none`."""
    return _required("RISK_FALLBACK")


def legacy_method() -> str:
    """Return `true` if the risk numbers of the previous gateway are added, else `false`."""
    return _required("LEGACY_METHOD")


def _required(name: str) -> str:
    value = _optional(name, "")
    if not value:
        raise RuntimeError(
            f"the environment variable RISK_HUB_{name} is not set; infra sets it for this function"
        )
    return value


def _optional(name: str, default: str) -> str:
    return os.environ.get(f"RISK_HUB_{name}", default)
