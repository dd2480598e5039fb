"""The two dashboards of a stage, built from the tables in `infra/cdk/dashboards`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra import names
from infra.cdk.dashboards.boards import operators, owners
from infra.cdk.dashboards.panel import Graph, LogTable, Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.cdk.alarms.rule import Metric
    from infra.cdk.dashboards.boards import Rows
    from infra.environments import EnvironmentSpec

COLUMNS: Final = 24
PERIOD: Final = Duration.minutes(1)


class HubDashboards(Construct):
    """Operators: alarms, freshness, requests, functions, queues. Owners: worlds, numbers, exceedances."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentSpec,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        status = cloudwatch.AlarmStatusWidget(title="Alarms", alarms=[*alarms], width=COLUMNS)
        self._board(environment, "operators", operators(environment), status)
        self._board(environment, "owners", owners(environment))

    def _board(self, environment: EnvironmentSpec, name: str, rows: Rows, *above: cloudwatch.IWidget) -> None:
        cloudwatch.Dashboard(
            self,
            name.capitalize(),
            dashboard_name=names.physical_name(environment.name, name),
            widgets=[
                [*above],
                *([_widget(environment, each, COLUMNS // len(row)) for each in row] for row in rows),
            ],
        )


def _widget(environment: EnvironmentSpec, panel: Panel, width: int) -> cloudwatch.IWidget:
    if isinstance(panel, LogTable):
        return cloudwatch.LogQueryWidget(
            title=panel.title,
            log_group_names=[names.log_group_name(environment.name, panel.function)],
            query_string=panel.query,
            view=cloudwatch.LogQueryVisualizationType.TABLE,
            width=width,
        )
    axis = cloudwatch.YAxisProps(label=panel.unit, show_units=False, min=0)
    if isinstance(panel, Graph):
        lines = [_metric(line.metric, line.label) for line in panel.lines]
        return cloudwatch.GraphWidget(title=panel.title, left=lines, left_y_axis=axis, width=width)
    search = f"SEARCH('{{{panel.namespace},stage,world_id}} MetricName=\"{panel.metric}\"', '{panel.statistic}', 60)"
    every = cloudwatch.MathExpression(expression=search, label="", using_metrics={}, period=PERIOD)
    return cloudwatch.GraphWidget(title=panel.title, left=[every], left_y_axis=axis, width=width)


def _metric(metric: Metric, label: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=metric.namespace,
        metric_name=metric.name,
        dimensions_map=dict(metric.dimensions),
        statistic=metric.statistic,
        label=label,
        period=PERIOD,
    )
