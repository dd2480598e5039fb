"""Alarms on results: books without risk numbers, and exit limits without a number to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra import names
from infra.cdk.alarms.rule import AlarmRule, Metric
from risk_hub_contracts.base import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.environments import EnvironmentSpec
    from risk_hub_contracts.reports.risk import RiskStatus

VALIDATION_SUCCESS_MIN_PERCENT: Final = 90
# Added to the denominator: with no other reports, three failures are too many, one or two are not.
VALIDATION_DENOMINATOR_OFFSET: Final = 20


def outcome_alarms(environment: EnvironmentSpec) -> Iterator[AlarmRule]:
    """Yield an alarm on the success rate of each X-Stage, and on single failures in the paging stages."""
    for data_stage in environment.stage_allow_list:
        yield _validation_success(environment.name, data_stage)
    for data_stage in environment.paging_stages:
        yield from _incomplete_reports(environment.name, data_stage)


def hub_metric(stage: str, metric: metrics.Metric, statistic: str = "Sum", /, **dimensions: str) -> Metric:
    """Return one of the hub's own metrics with its CloudWatch namespace."""
    return Metric(names.metrics_namespace(stage), metric.name, dimensions, statistic)


def _validation_success(stage: str, data_stage: str) -> AlarmRule:
    """Alarm on the share of reports with numbers: the metric is 100 with numbers, 0 without."""
    reports = hub_metric(stage, metrics.VALIDATION_SUCCESS, "SampleCount", stage=data_stage)
    percents = hub_metric(stage, metrics.VALIDATION_SUCCESS, "Sum", stage=data_stage)
    return AlarmRule(
        name=f"validation-success-{data_stage}",
        page="validation-success",
        meaning=f"Less than {VALIDATION_SUCCESS_MIN_PERCENT} % of the evaluated {data_stage} snapshots have risk numbers",
        severity="warning",
        metrics={"reports": reports, "percents": percents},
        expression=(
            "100 - (100 * FILL(reports, 0) - FILL(percents, 0)) / "
            f"(FILL(reports, 0) + {VALIDATION_DENOMINATOR_OFFSET})"
        ),
        threshold=VALIDATION_SUCCESS_MIN_PERCENT,
        comparison="under",
    )


def _incomplete_reports(stage: str, data_stage: str) -> Iterator[AlarmRule]:
    """Alarm on each book without valid numbers in a paging stage; others alarm on the success rate only."""

    def reports(worker: names.FunctionFolder, status: RiskStatus) -> Metric:
        return hub_metric(stage, metrics.REPORTS, stage=data_stage, status=status, worker=worker)

    yield AlarmRule(
        name=f"risk-not-computed-{data_stage}",
        page="risk-not-computed",
        meaning=f"A {data_stage} book has no valid risk report: its inputs are missing, insufficient or invalid",
        severity="critical",
        metrics={
            "invalid": reports("risk_engine", "invalid_input"),
            "insufficient": reports("risk_engine", "insufficient"),
            "stress": reports("stress_engine", "invalid_input"),
        },
        expression="FILL(invalid, 0) + FILL(insufficient, 0) + FILL(stress, 0)",
    )
    yield AlarmRule(
        name=f"exit-limits-not-judged-{data_stage}",
        page="risk-not-computed",
        meaning=f"A limit of a {data_stage} book's exit policy had no number to compare with: it cannot signal an exit",
        severity="warning",
        metrics={
            "partly": reports("exit_engine", "partial"),
            "none": reports("exit_engine", "insufficient"),
        },
        expression="FILL(partly, 0) + FILL(none, 0)",
    )
