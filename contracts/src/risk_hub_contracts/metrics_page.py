"""The table of metrics as a page that people read."""

from typing import Final

from risk_hub_contracts.metrics import METRICS, PER_WORLD_METRICS_MAX_COUNT, Metric

_HEAD: Final = f"""# Metrics

What the hub's functions write, in the namespace `RiskSignalHub/<deployment stage>`. Generated from
[`metrics.py`](src/risk_hub_contracts/metrics.py): an alarm or a graph on any other name or set of dimensions sees nothing.
Values of dimensions come from closed lists; `world_id` is an expected world's, of {PER_WORLD_METRICS_MAX_COUNT} at most.

| metric | unit | dimensions | says |
|---|---|---|---|
"""


def metrics_page() -> str:
    """Return the page, with one row for each metric in the order of the table."""
    return _HEAD + "".join(_row(metric) for metric in METRICS.values())


def _row(metric: Metric) -> str:
    dimensions = " · ".join(f"`{{{', '.join(names)}}}`" for names in metric.dimensions)
    return f"| `{metric.name}` | {metric.unit} | {dimensions} | {metric.says} |\n"
