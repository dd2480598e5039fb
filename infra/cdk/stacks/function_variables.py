"""Environment variables of each function."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from infra import names
from risk_hub_contracts.base.limits import GROSS_EXPOSURE_MAX_DEFAULT_RATIO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.cdk.stacks.resources import HubResources
    from infra.environments import EnvironmentSpec
    from infra.function_spec import FunctionSpec


def variables_of(spec: FunctionSpec, resources: HubResources) -> dict[str, str]:
    """Return the variables that the function's row names, with their values on this stage."""
    values = {**_stored(resources), **_configured(resources.environment)}
    unknown = [name for name in spec.variables if name not in values]
    if unknown:
        raise ValueError(
            f"{spec.folder} has variables without a value: {', '.join(unknown)}; "
            "add them to infra/cdk/stacks/function_variables.py"
        )
    return {name: values[name]() for name in spec.variables}


def _stored(resources: HubResources) -> Mapping[str, Callable[[], str]]:
    """Return the variables that refer to resources."""
    data = resources.data
    return {
        names.SNAPSHOTS_TABLE: lambda: data.snapshots.table_name,
        names.WORLDS_TABLE: lambda: data.worlds.table_name,
        names.EVALUATIONS_TABLE: lambda: data.evaluations.table_name,
        names.MARKS_TABLE: lambda: data.marks.table_name,
        names.SEGMENTS_TABLE: lambda: data.segments.table_name,
        names.POLICIES_TABLE: lambda: data.policies.table_name,
        names.EVALUATION_RUNS_TABLE: lambda: data.evaluation_runs.table_name,
        names.BUCKET: lambda: data.bucket.bucket_name,
        names.ANCHOR_BUCKET: lambda: data.anchors.bucket_name,
        names.TOKENS_SECRET_ARN: lambda: data.tokens.secret_arn,
        names.BUS_NAME: lambda: resources.bus.event_bus_name,
        names.FAILURE_QUEUE_URL: lambda: resources.failures().queue_url,
        names.QUEUE_URLS: lambda: ",".join(queue.queue_url for queue in resources.queues),
    }


def _configured(environment: EnvironmentSpec) -> Mapping[str, Callable[[], str]]:
    """Return the variables whose values are settings of the stage."""
    return {
        names.STAGE_ALLOW_LIST: lambda: ",".join(environment.stage_allow_list),
        names.RETENTION_DAYS: lambda: str(environment.history_retention_days),
        names.HOT_SECONDS: lambda: str(timedelta(days=environment.hot_days) // timedelta(seconds=1)),
        names.MOVE_SETTLE_SECONDS: lambda: str(environment.move_settle_seconds),
        names.BLOB_GRACE_HOURS: lambda: str(environment.blob_grace_hours),
        names.ANCHOR_LOCK_DAYS: lambda: str(environment.anchor_lock_days),
        names.GROSS_EXPOSURE_MAX: lambda: _gross_exposure(environment),
        names.OFFLOAD: lambda: _flag(on=environment.offload),
        names.INLINE_COV_THRESHOLD: lambda: str(environment.inline_cov_threshold_entries),
        names.RISK_FALLBACK: lambda: environment.risk_fallback,
        names.LEGACY_METHOD: lambda: _flag(on=environment.legacy_method),
        # The risk engine has about one processor: a second BLAS thread would make it sixty times slower.
        names.BLAS_THREADS: lambda: "1",
    }


def _flag(*, on: bool) -> str:
    return "true" if on else "false"


def _gross_exposure(environment: EnvironmentSpec) -> str:
    """Return every X-Stage with its limit, such as `live=20,paper=100`."""
    limits = dict.fromkeys(environment.stage_allow_list, GROSS_EXPOSURE_MAX_DEFAULT_RATIO) | dict(
        environment.gross_exposure_max
    )
    return ",".join(f"{name}={limit!r}" for name, limit in sorted(limits.items()))
