"""Two dashboards whose every line shows an existing metric or log."""

import json
from typing import Any

from infra.cdk.dashboards.boards import operators, owners
from infra.cdk.dashboards.panel import Graph, LogTable, WorldGraph
from infra.environments import ENVIRONMENTS
from infra.names import metrics_namespace
from risk_hub_contracts.base.metrics import METRICS
from tests.infra.assembly import Assembly

PANELS = [panel for board in (operators, owners) for row in board(ENVIRONMENTS["prod"]) for panel in row]


def bodies(assembly: Assembly) -> dict[str, dict[str, Any]]:
    prefix = f"risk-hub-{assembly.stage}-"
    found = assembly.properties("operations", "AWS::CloudWatch::Dashboard")
    return {each["DashboardName"].removeprefix(prefix): text(each["DashboardBody"]) for each in found}


def text(body: dict[str, Any]) -> dict[str, Any]:
    """Return a dashboard's body with each reference replaced by its name."""
    _, parts = body["Fn::Join"]
    document: dict[str, Any] = json.loads(
        "".join(part if isinstance(part, str) else "reference" for part in parts)
    )
    return document


def test_operator_and_owner_dashboards_have_the_expected_panels(cloud_stage: Assembly) -> None:
    found = bodies(cloud_stage)
    assert set(found) == {"operators", "owners"}
    titles = {name: [w["properties"]["title"] for w in body["widgets"]] for name, body in found.items()}
    assert titles["operators"][0] == "Alarms"
    wanted = {
        board.__name__: [p.title for row in board(ENVIRONMENTS["prod"]) for p in row]
        for board in (operators, owners)
    }
    assert titles == {"operators": ["Alarms", *wanted["operators"]], "owners": wanted["owners"]}


def test_dashboards_show_only_declared_hub_metrics() -> None:
    shown = [line.metric for panel in PANELS if isinstance(panel, Graph) for line in panel.lines]
    own = [metric for metric in shown if not metric.namespace.startswith("AWS/")]
    assert {metric.namespace for metric in own} == {metrics_namespace("prod")}
    assert [m for m in own if tuple(m.dimensions) not in METRICS[m.name].dimensions] == []


def test_dashboards_show_aws_metrics_only_of_deployed_resources(prod: Assembly) -> None:
    deployed = json.dumps(prod.template("service"))
    shown = [line.metric for panel in PANELS if isinstance(panel, Graph) for line in panel.lines]
    for metric in shown:
        if metric.namespace.startswith("AWS/"):
            assert all(json.dumps(value) in deployed for value in metric.dimensions.values()), metric


def test_world_graphs_show_metrics_with_a_world_id_dimension() -> None:
    for panel in PANELS:
        if isinstance(panel, WorldGraph):
            assert ("stage", "world_id") in METRICS[panel.metric].dimensions


def test_risk_tables_query_the_exit_engines_log() -> None:
    tables = [panel for panel in PANELS if isinstance(panel, LogTable)]
    assert {table.function for table in tables} == {"exit_engine"}
    assert tables[0].query == (
        "fields @timestamp, value_at_risk, expected_shortfall, world_id, stage | filter ispresent(value_at_risk)"
        " | sort @timestamp desc | limit 50"
    )
    assert '| filter ispresent(world_id) and outcome = "evaluated" |' in tables[1].query


def test_lag_metrics_on_dashboards_use_the_maximum_statistic() -> None:
    lines = [line.metric for panel in PANELS if isinstance(panel, Graph) for line in panel.lines]
    assert {metric.statistic for metric in lines if metric.name.endswith("_lag_seconds")} == {"Maximum"}
