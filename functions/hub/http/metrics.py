"""Counters as EMF log lines. Dimensions come from a closed list, so that nothing a client sends can create a metric."""

from aws_lambda_powertools.metrics import MetricUnit, single_metric

STAGE_DIMENSION = "stage"


def count(name: str, stage: str, value: int = 1) -> None:
    """Add to a counter of one stage; `stage` must have passed the allow-list."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
        metric.add_dimension(name=STAGE_DIMENSION, value=stage)
