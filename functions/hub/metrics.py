"""Metrics as EMF log lines, under exactly the dimensions that the contract's table declares and no others."""

from collections.abc import Mapping, Sequence

from aws_lambda_powertools.metrics import EphemeralMetrics

from functions.hub.ports import BlobError, UnavailableError
from risk_hub_contracts.metrics import BLOB_ERRORS, REASON, BlobFault, Metric

Values = Sequence[tuple[Metric, float]]
BLOB_STORE = "the blob store"


def write(values: Values, *dimension_sets: Mapping[str, str]) -> None:
    """Write values under every given set of dimensions, as one line.

    Raises:
        ValueError: a metric is not declared under one of the sets: its name could be watched by nobody.
    """
    if not values:
        return
    for metric, _ in values:
        _require_declared(metric, dimension_sets)
    line = EphemeralMetrics()
    # Powertools would add the function's name as one more dimension, and an alarm on {stage} would see nothing.
    line.service = ""
    first, *others = dimension_sets
    for dimension, given in first.items():
        line.add_dimension(name=dimension, value=given)
    for dimensions in others:
        line.add_dimensions(**dimensions)
    for metric, value in values:
        line.add_metric(name=metric.name, unit=metric.unit, value=value)
    line.flush_metrics()


def count_blob_fault(error: BaseException) -> None:
    """Count an error that was a blob's or the blob store's; leave out any other."""
    fault = _blob_fault(error)
    if fault is not None:
        write([(BLOB_ERRORS, 1)], {REASON: fault})


def _blob_fault(error: BaseException) -> BlobFault | None:
    if isinstance(error, BlobError):
        return "unusable"
    if isinstance(error, UnavailableError) and error.dependency == BLOB_STORE:
        return "unavailable"
    return None


def _require_declared(metric: Metric, dimension_sets: Sequence[Mapping[str, str]]) -> None:
    for dimensions in dimension_sets:
        if tuple(dimensions) not in metric.dimensions:
            raise ValueError(f"{metric.name} is not declared with the dimensions {', '.join(dimensions)}")
