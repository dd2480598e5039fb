"""One page for whoever is on call: the way of a snapshot, from the request to its risk number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.stages import Stage


class HubDashboard(Construct):
    """Alarms on top, then the API, the functions, the stream and the queues."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        api = {"ApiName": names.physical_name(stage.name, "api"), "Stage": names.API_STAGE_NAME}
        relay = {"FunctionName": names.physical_name(stage.name, "event_relay")}
        queues = [{"QueueName": names.queue_name(stage.name, worker)} for worker in names.WORKER_EVENTS]
        functions = [{"FunctionName": names.physical_name(stage.name, f)} for f in names.FUNCTION_FOLDERS]
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=names.physical_name(stage.name, "hub"),
            widgets=[
                [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=[*alarms], width=24)],
                [
                    _graph(
                        "Requests",
                        [_metric("AWS/ApiGateway", "Count", api), _metric("AWS/ApiGateway", "5XXError", api)],
                    ),
                    _graph("Latency, p99 (ms)", [_metric("AWS/ApiGateway", "Latency", api, "p99")]),
                    _graph(
                        "Duration, p99 (ms)", [_metric("AWS/Lambda", "Duration", f, "p99") for f in functions]
                    ),
                ],
                [
                    _graph(
                        "Announcing lags by (ms)", [_metric("AWS/Lambda", "IteratorAge", relay, "Maximum")]
                    ),
                    _graph(
                        "Workers' events wait for (s)",
                        [_metric("AWS/SQS", "ApproximateAgeOfOldestMessage", q, "Maximum") for q in queues],
                    ),
                    _graph("Errors", [_metric("AWS/Lambda", "Errors", f) for f in functions]),
                ],
            ],
        )


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], statistic: str = "Sum"
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=Duration.minutes(1),
    )


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=[*metrics], width=8)
