"""The page contracts/metrics.md: a table of all metrics."""

from typing import Final

from risk_hub_contracts.base.metrics import METRICS, PER_WORLD_METRICS_MAX_COUNT, Metric

_HEAD: Final = f"""# Metrics

The functions of the hub write these metrics in the namespace `RiskSignalHub/<deployment stage>`. An alarm or a
graph on any other name or set of dimensions has no data. The values of dimensions come from closed lists;
`world_id` is the id of a registered world, for at most {PER_WORLD_METRICS_MAX_COUNT} worlds. This page is generated
from [`metrics.py`](src/risk_hub_contracts/base/metrics.py).

| metric | unit | dimensions | meaning |
|---|---|---|---|
"""


def metrics_page() -> str:
    """Return the page, with one row for each metric in the order of the table."""
    return _HEAD + "".join(_row(metric) for metric in METRICS.values())


def _row(metric: Metric) -> str:
    dimensions = " · ".join(f"`{{{', '.join(names)}}}`" for names in metric.dimensions)
    return f"| `{metric.name}` | {metric.unit} | {dimensions} | {metric.meaning} |\n"
