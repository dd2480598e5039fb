"""Monthly cost of a stage without traffic: alarms, metrics, dashboards, secret, key, web ACL, memory snapshots."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, get_args

from functions.evaluation.extended.outcomes import RunOutcome
from functions.extended_validator.run_tally import DONE
from infra.cdk.alarms.table import alarm_rules
from infra.environments import EnvironmentSpec
from infra.functions import FUNCTIONS, REPORT_WORKERS, WORKER_EVENTS
from risk_hub_contracts.base import metrics as m
from risk_hub_contracts.base.limits import PER_WORLD_METRICS_MAX_COUNT
from risk_hub_contracts.base.problems import PROBLEMS
from risk_hub_contracts.reports.risk import RiskStatus
from risk_hub_contracts.runs.rule_result import ValidationStatus
from tools.cost.prices import PRICES

DASHBOARDS: Final = 2
MINUTES_PER_MONTH: Final = 43_800
SECONDS_PER_MONTH: Final = 60 * MINUTES_PER_MONTH
# One rule limits the rate of an address, two are AWS's managed lists.
WEB_ACL_RULES: Final = 3
WORKERS: Final = (*WORKER_EVENTS, "event_relay")
# These are written by one function; REPORTS by the engines, not by the relay.
SINGLE_WORKER_METRICS: Final = (m.HEARTBEAT, m.TOKEN_END)
QUEUES: Final = 2 * len(WORKER_EVENTS) + 1


@dataclass(frozen=True)
class Cost:
    """One line of the bill."""

    what: str
    count: int
    dollars: float


def fixed_costs(environment: EnvironmentSpec) -> Iterator[Cost]:
    """Yield the lines; metrics are billed for the hours in which they are written, so this is the maximum."""
    watched = sum(len(rule.metrics) for rule in alarm_rules(environment))
    yield Cost("metrics that alarms watch", watched, watched * PRICES.alarm_metric_month)
    for what, count in _series(environment):
        yield Cost(what, count, count * PRICES.metric_month)
    yield Cost("dashboards", DASHBOARDS, DASHBOARDS * PRICES.dashboard_month)
    yield Cost("the token secret", 1, PRICES.secret_month)
    reads = MINUTES_PER_MONTH * PRICES.secret_read
    yield Cost("reads of that secret by freshness_monitor", MINUTES_PER_MONTH, reads)
    if environment.encrypted_alarms:
        yield Cost("the key of the alarm topics, in its first year", 1, PRICES.key_month)
    if environment.requests_per_address is not None:
        rules = WEB_ACL_RULES * PRICES.web_acl_rule_month
        yield Cost("the web ACL and its rules", 1 + WEB_ACL_RULES, PRICES.web_acl_month + rules)
    if environment.snap_start:
        yield Cost("memory snapshots of functions", len(environment.snap_start), _snap_start(environment))


def _snap_start(environment: EnvironmentSpec) -> float:
    """Return the price of keeping one memory snapshot of each function that starts from one."""
    gb = sum(FUNCTIONS[folder].memory_mib / 1024 for folder in environment.snap_start)
    return gb * SECONDS_PER_MONTH * PRICES.snap_start_gb_second


def _series(environment: EnvironmentSpec) -> Iterator[tuple[str, int]]:
    every = [(metric, dimensions) for metric in m.METRICS.values() for dimensions in metric.dimensions]
    by_world = [pair for pair in every if m.WORLD_ID in pair[1]]
    rest = sum(_values(environment, metric, names) for metric, names in every if m.WORLD_ID not in names)
    outcomes = sum(_values(environment, m.REPORTS, names) for names in m.REPORTS.dimensions)
    yield "custom metrics by world, at most", len(by_world) * PER_WORLD_METRICS_MAX_COUNT
    yield "custom metrics of outcomes, at most", outcomes
    yield "other custom metrics, at most", rest - outcomes


def _values(environment: EnvironmentSpec, metric: m.Metric, dimensions: tuple[str, ...]) -> int:
    """Return the number of series of a metric under one set of dimensions."""
    if metric == m.REPORTS:
        return len(environment.stage_allow_list) * len(get_args(RiskStatus)) * len(REPORT_WORKERS)
    if metric == m.EXTENDED_VALIDATIONS:
        return len(get_args(ValidationStatus))
    if metric == m.RUNS_NOT_EXTENDED:
        return len(set(RunOutcome) - DONE)
    if metric == m.BLOB_ERRORS:
        return len(get_args(m.BlobErrorReason))
    (dimension,) = dimensions
    return {
        m.STAGE: len(environment.stage_allow_list),
        m.WORKER: 1 if metric in SINGLE_WORKER_METRICS else len(WORKERS),
        m.QUEUE: QUEUES,
        m.REASON: len(PROBLEMS),
        m.STATUS: len({min(problem.status, 500) for problem in PROBLEMS.values()}),
    }[dimension]
