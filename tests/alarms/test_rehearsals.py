"""Rehearsal of every alarm on recorded metrics: it fires, no other alarm does, and it returns to OK."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from infra.cdk.alarms.rule import Metric
from infra.cdk.alarms.table import alarm_rules
from infra.environments import ENVIRONMENTS
from infra.local.alarms.evaluate import TimeScale
from infra.local.alarms.metric_log import MetricLog
from infra.local.alarms.metric_math import compute
from infra.local.alarms.template_rules import template_rules
from infra.local.alarms.watch import AlarmWatch
from infra.local.assembly import read_operations
from tools.alarms.scenarios import INCIDENT_START_MINUTE, Scenario, metrics_by_name, normal_values, scenarios

START = 1_760_000_040.0  # a whole minute
MINUTE = 60.0
CALM_AFTER = 12

METRICS = metrics_by_name()
RULES = template_rules(read_operations())
STORIES = list(scenarios())


def record(log: MetricLog, minute: int, values: Mapping[str, float | None]) -> None:
    at = datetime.fromtimestamp(START + minute * MINUTE + 1, tz=UTC)
    for short, value in values.items():
        if value is not None:
            put(log, METRICS[short], at, value)


def put(log: MetricLog, metric: Metric, at: datetime, value: float) -> None:
    pairs = [{"Name": name, "Value": text} for name, text in metric.dimensions.items()]
    entry = {"MetricName": metric.name, "Dimensions": pairs, "Timestamp": at, "Values": [value]}
    log.add(metric.namespace, [entry])


def state_changes(minutes: list[Mapping[str, float | None]]) -> list[tuple[int, str, str]]:
    """Return (minute, alarm, state) of every state change of the template's alarms in these minutes."""
    log = MetricLog()
    watch = AlarmWatch(RULES, log, START, TimeScale())
    changes: list[tuple[int, str, str]] = []
    for minute, values in enumerate(minutes):
        record(log, minute, values)
        changes += [
            (minute + 1, each.rule.name, each.after)
            for each in watch.evaluate_rules(START + (minute + 1) * MINUTE)
        ]
    return changes


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.alarm)
def test_alarm_fires_alone_and_recovers(story: Scenario) -> None:
    values_during = [{**normal_values(), **story.values_during}] * story.minutes
    calm_after = max(CALM_AFTER, story.minutes_to_ok)
    changes = state_changes(
        [*[normal_values()] * INCIDENT_START_MINUTE, *values_during, *[normal_values()] * calm_after]
    )
    ends = INCIDENT_START_MINUTE + story.minutes
    assert [change for change in changes if change[1] == story.alarm] == [
        (INCIDENT_START_MINUTE + story.minutes_to_alarm, story.alarm, "ALARM"),
        (ends + story.minutes_to_ok, story.alarm, "OK"),
    ]
    others = {name for _, name, _ in changes} - {story.alarm}
    assert others == set(story.other_alarms)


def test_half_an_hour_of_normal_traffic_fires_no_alarm() -> None:
    assert state_changes([normal_values()] * 30) == []


def test_complete_loss_of_metrics_fires_only_the_heartbeat_alarm() -> None:
    changes = state_changes([*[normal_values()] * INCIDENT_START_MINUTE, *[{}] * 20])
    assert changes == [(INCIDENT_START_MINUTE + 3, "freshness-heartbeat", "ALARM")]


def test_lag_alarms_stay_on_when_the_freshness_monitor_stops() -> None:
    stale = {**normal_values(), "late live": 1.0, "stale live": 1.0}
    changes = state_changes([normal_values(), *[stale] * 5, *[{}] * 10])
    assert {name for _, name, state in changes if state == "OK"} == set()
    assert (2, "snapshot-lag-critical-live", "ALARM") in changes
    assert (9, "freshness-heartbeat", "ALARM") in changes


def test_token_valid_for_less_than_three_hours_fires_no_alarm() -> None:
    short = {**normal_values(), "token end": 900.0}
    assert (
        state_changes(
            [*[normal_values()] * INCIDENT_START_MINUTE, *[short] * 170, *[normal_values()] * CALM_AFTER]
        )
        == []
    )


def test_token_end_alarm_recovers_when_no_token_expires() -> None:
    ends, never = {**normal_values(), "token end": 86_400.0}, {**normal_values(), "token end": None}
    changes = state_changes([*[ends] * 185, *[never] * 70])
    assert [change[1:] for change in changes] == [("token-end", "ALARM"), ("token-end", "OK")]


def test_two_minutes_of_zero_validation_success_fire_no_alarm() -> None:
    failed = {**normal_values(), "success paper": 0.0}
    assert (
        state_changes(
            [*[normal_values()] * INCIDENT_START_MINUTE, *[failed] * 2, *[normal_values()] * CALM_AFTER]
        )
        == []
    )


def test_every_alarm_has_a_rehearsal() -> None:
    rehearsed = [story.alarm for story in STORIES]
    assert set(rehearsed) == {rule.name for rule in alarm_rules(ENVIRONMENTS["local"])}


@pytest.mark.parametrize(
    ("alarm", "counted", "with_them", "count"),
    [
        ("api-server-error-burst", "errors", "requests", 11),
        ("unauthorized-burst", "first", "requests", 23),
        ("refusal-burst", "second", "requests", 23),
        ("dedupe-spike-live", "repeated", None, 20),
        ("expired-spike-live", "expired", None, 10),
    ],
)
def test_ratio_alarm_without_other_traffic_fires_at_the_documented_count(
    alarm: str, counted: str, with_them: str | None, count: int
) -> None:
    (rule,) = [each for each in RULES if each.name == alarm]
    assert rule.expression is not None
    for number, wrong in ((count - 1, False), (count, True)):
        values: dict[str, float | None] = {**dict.fromkeys(rule.metrics), counted: float(number)}
        if with_them:
            values[with_them] = float(number)
        assert rule.breaches(compute(rule.expression, values)) == wrong
