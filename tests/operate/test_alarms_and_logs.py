"""First diagnostics for an operator on call: the firing alarms, and a function's log."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest

from infra.cdk.alarms.table import alarm_rules
from infra.environments import ENVIRONMENTS
from infra.local.alarms.journal import Entry, Journal
from infra.names import LOCAL_STAGE
from infra.ops.operate.alarm_list import alarm_statuses
from infra.ops.operate.cli import main
from tests.operate.conftest import STAGE, Stage

GROUP = f"/aws/lambda/risk-hub-{STAGE}-risk-engine"
Look = Callable[..., tuple[int, str]]


@pytest.fixture
def look(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Look:
    assert stage

    def command(*arguments: str) -> tuple[int, str]:
        status = main([*arguments, "--stage-name", STAGE])
        output = capsys.readouterr()
        return status, output.out + output.err

    return command


def set_alarm(name: str, state: Literal["ALARM", "OK"]) -> None:
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=f"risk-hub-{STAGE}-{name}",
        MetricName="m",
        Namespace="n",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    cloudwatch.set_alarm_state(
        AlarmName=f"risk-hub-{STAGE}-{name}", StateValue=state, StateReason="[1] against 1"
    )


def test_firing_alarm_is_listed_with_its_runbook_page(look: Look) -> None:
    set_alarm("relay-failures", "ALARM")
    set_alarm("risk-engine-errors", "OK")
    status, output = look("alarms")
    assert status == 0
    assert "relay-failures" in output
    assert "docs/runbook/relay-failures.md" in output
    assert "risk-engine-errors" not in output


def test_alarms_all_lists_every_alarm_and_marks_undeployed_ones(look: Look) -> None:
    set_alarm("relay-failures", "OK")
    _, output = look("alarms", "--all", "--json")
    states = {each["name"]: each["state"] for each in json.loads(output)}
    assert set(states) == {rule.name for rule in alarm_rules(ENVIRONMENTS[STAGE])}
    assert states["relay-failures"] == "OK"
    assert states["risk-engine-errors"] == "NOT_DEPLOYED"


def test_alarms_prints_a_message_when_none_is_firing(look: Look) -> None:
    for rule in alarm_rules(ENVIRONMENTS[STAGE]):
        set_alarm(rule.name, "OK")
    assert look("alarms") == (0, "No alarm is in ALARM.\n")


def test_alarms_reports_how_many_alarms_are_not_deployed(look: Look) -> None:
    count = len(list(alarm_rules(ENVIRONMENTS[STAGE])))
    assert f"{count} of {count} alarms are not deployed and cannot fire" in look("alarms")[1]
    set_alarm("relay-failures", "ALARM")
    output = look("alarms")[1]
    assert "docs/runbook/relay-failures.md" in output
    assert f"{count - 1} of {count} alarms are not deployed" in output


def test_local_stage_alarms_are_read_from_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISK_HUB_LOCAL_DIR", str(tmp_path))
    journal = Journal(tmp_path / "alarms.jsonl")
    journal.start()
    for state in ("ALARM", "OK", "ALARM"):
        journal.append(
            Entry("2026-01-01T00:00:00Z", "relay-failures", "critical", "OK", state, "why", "page")
        )
    first, *others = alarm_statuses(NoClients(), LOCAL_STAGE)
    assert (first.name, first.state, first.severity) == ("relay-failures", "ALARM", "critical")
    assert {each.state for each in others} == {"OK"}


class NoClients:
    def client(self, service: str) -> Any:
        raise AssertionError(service)


def test_logs_find_option_filters_lines_by_text(look: Look) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    now = int(time.time() * 1000)
    lines = ['{"message": "worked"}', '{"message": "message returned to the queue"}']
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    old = {"timestamp": now - 7_200_000, "message": '{"message": "returned, long ago"}'}
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[old, *events])
    assert look("logs", "risk-engine") == (0, "\n".join(lines) + "\n")
    assert look("logs", "risk-engine", "--find", "returned") == (0, f"{lines[1]}\n")
    assert look("logs", "risk-engine", "--find", "nothing like it") == (0, "No line matches.\n")
    assert "long ago" in look("logs", "risk-engine", "--minutes", "180")[1]


def test_missing_log_group_and_unknown_function_print_a_hint(
    look: Look,
) -> None:
    status, output = look("logs", "exit-engine")
    assert (status, "Is the stage deployed?" in output) == (1, True)
    status, output = look("logs", "nothing")
    assert (status, "choose one of snapshot-writer" in output) == (2, True)
