"""Both dashboards as SVG pictures, from the metrics and logs of a local stage."""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter

from infra.cdk.dashboards.boards import Rows, operators, owners
from infra.cdk.dashboards.panel import Graph, LogTable, Metric, Panel, WorldGraph
from infra.environments import ENVIRONMENTS
from infra.local.aws import LocalAws
from infra.names import LOCAL_STAGE, log_group_name
from tools.alarms.rehearsal import MINUTE_SECONDS

TABLE_ROWS_MAX_COUNT: Final = 8
WIDTH_INCHES, ROW_HEIGHT_INCHES = 15.0, 3.0
MARKERS_BELOW_COUNT: Final = 40

Points = tuple[list[datetime], list[float]]


def draw_boards(aws: LocalAws, folder: Path, began: float, ended: float) -> None:
    """Write `operators.svg` and `owners.svg`."""
    folder.mkdir(exist_ok=True)
    environment = ENVIRONMENTS[LOCAL_STAGE]
    source = Source(aws, began, ended)
    for name, rows in (("operators", operators(environment)), ("owners", owners(environment))):
        draw(source, f"risk-hub-{LOCAL_STAGE}-{name}", rows, folder / f"{name}.svg")


class Source:
    """The CloudWatch metrics and logs of the stage for one span of time."""

    def __init__(self, aws: LocalAws, began: float, ended: float) -> None:
        self._cloudwatch, self._logs = aws.client("cloudwatch"), aws.client("logs")
        self.began, self.ended = began // MINUTE_SECONDS * MINUTE_SECONDS, ended

    def points(self, metric: Metric) -> Points:
        """Return the statistic of each of the stage's minutes that has one."""
        query = {
            "Id": "m",
            "MetricStat": {
                "Metric": {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": k, "Value": v} for k, v in metric.dimensions.items()],
                },
                "Period": int(MINUTE_SECONDS),
                "Stat": metric.statistic,
            },
        }
        (found,) = self._cloudwatch.get_metric_data(
            MetricDataQueries=[query], StartTime=self.began, EndTime=self.ended, ScanBy="TimestampAscending"
        )["MetricDataResults"]
        return found["Timestamps"], found["Values"]

    def worlds(self, graph: WorldGraph) -> Iterator[tuple[str, Metric]]:
        """Yield the metric of each world that has it."""
        listed = self._cloudwatch.list_metrics(Namespace=graph.namespace, MetricName=graph.metric)["Metrics"]
        for each in listed:
            dimensions = {pair["Name"]: pair["Value"] for pair in each["Dimensions"]}
            if "world_id" in dimensions:
                name = f"{dimensions['world_id']} {dimensions['stage']}"
                yield name, Metric(graph.namespace, graph.metric, dimensions, graph.statistic)

    def lines(self, table: LogTable) -> list[dict[str, Any]]:
        """Return the log lines that the table shows, the newest first."""
        group = log_group_name(LOCAL_STAGE, table.function)
        events = self._logs.filter_log_events(logGroupName=group, startTime=int(self.began * 1000))["events"]
        documents = [_document(event["message"]) for event in events]
        return [
            each
            for each in reversed(documents)
            if table.fields[0] in each and table.only_outcome in {None, each.get("outcome")}
        ]


def _document(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def draw(source: Source, title: str, rows: Rows, path: Path) -> None:
    """Draw one dashboard, row by row as CloudWatch lays it out."""
    columns = math.lcm(*(len(row) for row in rows))
    figure = plt.figure(figsize=(WIDTH_INCHES, ROW_HEIGHT_INCHES * len(rows)), layout="constrained")
    grid = figure.add_gridspec(len(rows), columns)
    for number, row in enumerate(rows):
        span = columns // len(row)
        for place, panel in enumerate(row):
            axes = figure.add_subplot(grid[number, place * span : (place + 1) * span])
            _draw_panel(source, panel, axes)
    began, ended = (datetime.fromtimestamp(each, tz=UTC) for each in (source.began, source.ended))
    figure.suptitle(
        f"{title}, {began:%Y-%m-%d %H:%M:%S} to {ended:%H:%M:%S} UTC; a minute lasts {MINUTE_SECONDS:.0f} s"
    )
    # Text stays text, and ids come from the content: a review of the file shows what changed.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "risk-hub"}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _draw_panel(source: Source, panel: Panel, axes: Axes) -> None:
    axes.set_title(panel.title, fontsize=10, loc="left")
    if isinstance(panel, LogTable):
        _draw_table(axes, panel, source.lines(panel))
        return
    lines = (
        [(line.label, line.metric) for line in panel.lines]
        if isinstance(panel, Graph)
        else sorted(source.worlds(panel))
    )
    drawn = 0
    for label, metric in lines:
        times, values = source.points(metric)
        if values:
            axes.plot(
                times,
                values,
                marker="." if len(values) < MARKERS_BELOW_COUNT else None,
                label=label,
                linewidth=1,
            )
            drawn += 1
    _finish(axes, panel.unit, drawn)


def _finish(axes: Axes, unit: str, drawn: int) -> None:
    axes.set_ylabel(unit, fontsize=8)
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.3)
    if drawn:
        axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=5))  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(DateFormatter("%H:%M:%S"))  # type: ignore[no-untyped-call]
        axes.legend(fontsize=6, loc="best", framealpha=0.6, ncols=2 if drawn > 4 else 1)
    else:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "no data: nothing to count", ha="center", transform=axes.transAxes, color="grey")


def _draw_table(axes: Axes, table: LogTable, lines: Sequence[dict[str, Any]]) -> None:
    axes.set_axis_off()
    rows = [
        [str(line["timestamp"])[:19], *(_cell(line.get(field)) for field in table.fields)]
        for line in lines[:TABLE_ROWS_MAX_COUNT]
    ]
    if not rows:
        axes.text(0.5, 0.5, "no line", ha="center", transform=axes.transAxes, color="grey")
        return
    drawn = axes.table(cellText=rows, colLabels=["time", *table.fields], loc="upper center", cellLoc="left")
    drawn.auto_set_font_size(value=False)
    drawn.set_fontsize(8)


def _cell(value: object) -> str:
    return f"{value:.5f}" if isinstance(value, float) else str(value)[:24]
