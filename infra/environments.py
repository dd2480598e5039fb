"""The table of differences between stages. No other module in `infra/` checks the stage's name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from risk_hub_contracts.base.limits import INLINE_COV_THRESHOLD_DEFAULT_ENTRIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.custom_domain import CustomDomain
    from infra.names import FunctionFolder

EnvironmentName = Literal["local", "dev", "staging", "prod"]
BundleSource = Literal["placeholder", "built"]
RiskFallback = Literal["none", "correlation_one"]
Severity = Literal["critical", "warning"]
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning")
Rollout = Literal["in_place", "at_once", "canary"]

LOOPBACK_NETWORKS: Final = ("127.0.0.0/8", "::1/128")
HISTORY_RETENTION_DEFAULT_DAYS: Final = 180


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """All settings that differ between stages.

    Attributes:
        name: Stage name, part of every physical name.
        offload: Whether large components go to the blob bucket instead of staying inline.
        history_retention_days: Days for which a snapshot, in the table or in history, and its reports are kept
            (retention, never freshness).
        point_in_time_recovery: Continuous table backups, and versions of bucket objects.
        deletion_protection: Tables and stacks refuse deletion.
        retain_data: Tables, bucket, secret and logs outlive their stack.
        log_retention_days: Days that log groups keep their lines.
        allowed_networks: CIDR blocks that may call the API; None: any address may.
        networks_required: Synthesis is refused unless `allowed_networks` is given.
        custom_domain: Domain name of the API, kept when the service is deployed again; None: only the default
            endpoint, whose name changes with the API.
        throttle_rate_per_second: Steady request rate of the API's stage.
        throttle_burst_requests: Requests that may arrive at once.
        requests_per_address: Requests of one address in five minutes before the web ACL blocks it; None: no
            ACL.
        archive_lock_days: Days during which no principal can delete what the archive holds; None: no archive
            (ADR-0024).
        hot_days: Age of `as_of`, in days, from which a snapshot is moved from the table to history; a world that
            fills its share of the table earlier has a shorter window.
        move_settle_seconds: Seconds since its commit before a snapshot may be moved.
        anchor_lock_days: Days during which no principal can delete an anchor of evaluation runs.
        blob_grace_hours: Hours that a blob may exist before a snapshot refers to it.
        stage_allow_list: Values of `X-Stage` that the writer accepts.
        gross_exposure_max: Largest sum of the weights' magnitudes by `X-Stage`; other stages have the
            contract's default.
        inline_cov_threshold_entries: Largest component that stays inline if the stage offloads.
        log_level: Threshold of application logs.
        system_log_level: Threshold of Lambda's own lines; `WARN` omits those of successful invocations (ADR-0060).
        bundles: `built` deploys real code by content hash; `placeholder` fixes the asset key.
        event_archive_days: Days for which the bus's events can be replayed.
        paging_stages: Values of `X-Stage` whose stale and missing worlds raise critical alarms.
        critical_subscribers: `mailto:` and `https://` addresses that receive critical alarms.
        warning_subscribers: The same for warnings.
        runbook_base: Prefix of `docs/runbook/...` in each alarm, which makes it a link.
        risk_fallback: Replacement for an unusable covariance; `none`: no replacement, the number is null.
        legacy_method: Whether reports also carry the numbers of the replaced gateway, for comparison.
        rollout: How a release reaches the API's callers: `in_place` changes the functions themselves;
            `at_once` moves their alias `live` to the newly published version; `canary` moves it for 10 % of
            the calls first, and back if an alarm turns on (ADR-0026).
        encrypted_alarms: Whether a key of the stage encrypts the alarm topics (price: docs/cost.md).
        permissions_boundary: Managed policy, by ARN or name, that bounds every role of the stage, or None.
        writer_concurrency: Reserved, and so maximum, concurrent executions of snapshot_writer; None: the
            account's unreserved concurrency, as for every other function.
        reader_concurrency: The same for snapshot_reader.
        snap_start: Functions whose published versions start from a memory snapshot (SnapStart).
        old_snapshots: Whether the table of snapshots of release 1.0 stays in the data stack (ADR-0059).
    """

    name: EnvironmentName
    offload: bool
    history_retention_days: int
    point_in_time_recovery: bool
    deletion_protection: bool
    retain_data: bool
    log_retention_days: int
    allowed_networks: tuple[str, ...] | None
    networks_required: bool
    throttle_rate_per_second: int
    throttle_burst_requests: int
    bundles: BundleSource
    event_archive_days: int
    log_level: Literal["DEBUG", "INFO"] = "INFO"
    system_log_level: Literal["INFO", "WARN"] = "INFO"
    paging_stages: tuple[str, ...] = ("live",)
    critical_subscribers: tuple[str, ...] = ()
    warning_subscribers: tuple[str, ...] = ()
    runbook_base: str = ""
    hot_days: int = 7
    move_settle_seconds: int = 3_600
    blob_grace_hours: int = 24
    stage_allow_list: tuple[str, ...] = ("backtest", "paper", "live")
    gross_exposure_max: tuple[tuple[str, float], ...] = ()
    inline_cov_threshold_entries: int = INLINE_COV_THRESHOLD_DEFAULT_ENTRIES
    risk_fallback: RiskFallback = "none"
    legacy_method: bool = False
    requests_per_address: int | None = None
    custom_domain: CustomDomain | None = None
    archive_lock_days: int | None = None
    anchor_lock_days: int = 1
    rollout: Rollout = "in_place"
    encrypted_alarms: bool = False
    permissions_boundary: str | None = None
    writer_concurrency: int | None = None
    reader_concurrency: int | None = None
    snap_start: tuple[FunctionFolder, ...] = ()
    old_snapshots: bool = False

    def subscribers(self, severity: Severity) -> tuple[str, ...]:
        """Return the subscribers of alarms of this severity."""
        return self.critical_subscribers if severity == "critical" else self.warning_subscribers

    def reserved_concurrency(self, folder: FunctionFolder) -> int | None:
        """Return a function's reserved executions; None: it uses the account's unreserved concurrency."""
        reserved = {"snapshot_writer": self.writer_concurrency, "snapshot_reader": self.reader_concurrency}
        return reserved.get(folder)


_LOCAL: Final = EnvironmentSpec(
    name="local",
    offload=True,
    history_retention_days=HISTORY_RETENTION_DEFAULT_DAYS,
    point_in_time_recovery=False,
    deletion_protection=False,
    retain_data=False,
    log_retention_days=7,
    allowed_networks=LOOPBACK_NETWORKS,
    networks_required=False,
    throttle_rate_per_second=200,
    throttle_burst_requests=400,
    bundles="placeholder",
    event_archive_days=1,
)

_DEV: Final = replace(
    _LOCAL,
    name="dev",
    offload=False,
    allowed_networks=None,
    throttle_rate_per_second=20,
    throttle_burst_requests=40,
    bundles="built",
    event_archive_days=7,
)

_STAGING: Final = replace(
    _DEV,
    name="staging",
    offload=True,
    hot_days=35,
    point_in_time_recovery=True,
    log_retention_days=30,
    system_log_level="WARN",
    networks_required=True,
    throttle_rate_per_second=100,
    throttle_burst_requests=200,
    event_archive_days=30,
    rollout="canary",
    encrypted_alarms=True,
    snap_start=("snapshot_writer", "snapshot_reader"),
)

_PROD: Final = replace(
    _STAGING,
    name="prod",
    history_retention_days=3650,
    deletion_protection=True,
    retain_data=True,
    log_retention_days=365,
    throttle_rate_per_second=500,
    throttle_burst_requests=1000,
    requests_per_address=60_000,
    archive_lock_days=365,
    anchor_lock_days=365,
    event_archive_days=90,
)

ENVIRONMENTS: Final[Mapping[str, EnvironmentSpec]] = MappingProxyType(
    {environment.name: environment for environment in (_LOCAL, _DEV, _STAGING, _PROD)},
)
