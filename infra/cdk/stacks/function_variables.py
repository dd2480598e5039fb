"""Environment variables of each function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra import names
from risk_hub_contracts.base.limits import GROSS_EXPOSURE_MAX_DEFAULT_RATIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_events as events
    from aws_cdk import aws_sqs as sqs

    from infra.cdk.stacks.data import DataStack
    from infra.environments import EnvironmentSpec


def writer_variables(environment: EnvironmentSpec, data: DataStack) -> dict[str, str]:
    """Return the variables of snapshot_writer."""
    return {
        names.SNAPSHOTS_TABLE: data.snapshots.table_name,
        names.MARKS_TABLE: data.marks.table_name,
        names.WORLDS_TABLE: data.worlds.table_name,
        names.BUCKET: data.bucket.bucket_name,
        names.TOKENS_SECRET_ARN: data.tokens.secret_arn,
        names.STAGE_ALLOW_LIST: ",".join(environment.stage_allow_list),
        names.RETENTION_DAYS: str(environment.retention_days),
        names.GROSS_EXPOSURE_MAX: _gross_exposure(environment),
        **_offloading(environment),
    }


def reader_variables(environment: EnvironmentSpec, data: DataStack) -> dict[str, str]:
    """Return the variables of snapshot_reader."""
    return {
        names.SNAPSHOTS_TABLE: data.snapshots.table_name,
        names.WORLDS_TABLE: data.worlds.table_name,
        names.EVALUATIONS_TABLE: data.evaluations.table_name,
        names.BUCKET: data.bucket.bucket_name,
        names.TOKENS_SECRET_ARN: data.tokens.secret_arn,
        names.STAGE_ALLOW_LIST: ",".join(environment.stage_allow_list),
        names.GROSS_EXPOSURE_MAX: _gross_exposure(environment),
        **_offloading(environment),
    }


def registry_variables(environment: EnvironmentSpec, data: DataStack) -> dict[str, str]:
    """Return the variables of world_registry."""
    return {
        names.WORLDS_TABLE: data.worlds.table_name,
        names.TOKENS_SECRET_ARN: data.tokens.secret_arn,
        names.STAGE_ALLOW_LIST: ",".join(environment.stage_allow_list),
    }


def monitor_variables(
    environment: EnvironmentSpec, data: DataStack, queues: Sequence[sqs.Queue]
) -> dict[str, str]:
    """Return the variables of freshness_monitor."""
    return {
        names.WORLDS_TABLE: data.worlds.table_name,
        names.TOKENS_SECRET_ARN: data.tokens.secret_arn,
        names.QUEUE_URLS: ",".join(queue.queue_url for queue in queues),
        names.STAGE_ALLOW_LIST: ",".join(environment.stage_allow_list),
    }


def relay_variables(data: DataStack, bus: events.EventBus, failures: sqs.Queue) -> dict[str, str]:
    """Return the variables of event_relay."""
    return {
        names.SNAPSHOTS_TABLE: data.snapshots.table_name,
        names.EVALUATIONS_TABLE: data.evaluations.table_name,
        names.WORLDS_TABLE: data.worlds.table_name,
        names.BUCKET: data.bucket.bucket_name,
        names.BUS_NAME: bus.event_bus_name,
        names.FAILURE_QUEUE_URL: failures.queue_url,
    }


def engine_variables(environment: EnvironmentSpec, data: DataStack) -> dict[str, str]:
    """Return the variables of stress_engine and exit_engine; risk_engine has more."""
    return {
        names.SNAPSHOTS_TABLE: data.snapshots.table_name,
        names.WORLDS_TABLE: data.worlds.table_name,
        names.EVALUATIONS_TABLE: data.evaluations.table_name,
        names.BUCKET: data.bucket.bucket_name,
        names.RETENTION_DAYS: str(environment.retention_days),
        names.STAGE_ALLOW_LIST: ",".join(environment.stage_allow_list),
    }


def risk_variables(environment: EnvironmentSpec, data: DataStack) -> dict[str, str]:
    """Return the variables of risk_engine."""
    return {
        names.RISK_FALLBACK: environment.risk_fallback,
        names.LEGACY_METHOD: "true" if environment.legacy_method else "false",
        # The function has about one processor: a second BLAS thread would make it sixty times slower.
        names.BLAS_THREADS: "1",
        **engine_variables(environment, data),
    }


def reaper_variables(environment: EnvironmentSpec, data: DataStack) -> dict[str, str]:
    """Return the variables of blob_reaper."""
    return {
        names.SNAPSHOTS_TABLE: data.snapshots.table_name,
        names.MARKS_TABLE: data.marks.table_name,
        names.BUCKET: data.bucket.bucket_name,
        names.BLOB_GRACE_HOURS: str(environment.blob_grace_hours),
    }


def _offloading(environment: EnvironmentSpec) -> dict[str, str]:
    return {
        names.OFFLOAD: "true" if environment.offload else "false",
        names.INLINE_COV_THRESHOLD: str(environment.inline_cov_threshold_entries),
    }


def _gross_exposure(environment: EnvironmentSpec) -> str:
    """Return every X-Stage with its limit, such as `live=20,paper=100`."""
    limits = dict.fromkeys(environment.stage_allow_list, GROSS_EXPOSURE_MAX_DEFAULT_RATIO) | dict(
        environment.gross_exposure_max
    )
    return ",".join(f"{name}={limit!r}" for name, limit in sorted(limits.items()))
