"""The template's rules are evaluated as in CloudWatch: windows, missing data, metric math."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.cdk.alarms.rule import AlarmRule, Metric, MissingData
from infra.cdk.alarms.table import alarm_rules
from infra.environments import ENVIRONMENTS
from infra.local.alarms.evaluate import TimeScale
from infra.local.alarms.journal import Journal
from infra.local.alarms.metric_log import MetricLog
from infra.local.alarms.metric_math import ExpressionError, compute
from infra.local.alarms.runner import AlarmRunner
from infra.local.alarms.settings import AlarmSettings
from infra.local.alarms.template_rules import template_rules
from infra.local.alarms.watch import AlarmWatch
from infra.local.assembly import read_operations

START = 1_760_000_040.0  # a whole minute
MINUTE = 60.0
WAITING = Metric("Test", "waiting", {"queue": "q"}, "Maximum")


def put(log: MetricLog, at: float, *values: float, metric: Metric = WAITING) -> None:
    pairs = [{"Name": name, "Value": value} for name, value in metric.dimensions.items()]
    entry = {"MetricName": metric.name, "Dimensions": pairs, "Values": [*values]}
    log.add(metric.namespace, [{**entry, "Timestamp": datetime.fromtimestamp(at, tz=UTC)}])


def rule(periods: int = 1, period_seconds: int = 60, missing_data: MissingData = "notBreaching") -> AlarmRule:
    return AlarmRule(
        "test",
        "test",
        "A test",
        "warning",
        {"only": WAITING},
        threshold=5,
        period_seconds=period_seconds,
        periods=periods,
        missing_data=missing_data,
    )


def states(watched: AlarmRule, log: MetricLog, minutes: int) -> str:
    """Return the alarm's state after each minute: A for ALARM, O for OK, I for insufficient data."""
    watch = AlarmWatch([watched], log, START, TimeScale())
    reported = []
    for minute in range(1, minutes + 1):
        watch.evaluate_rules(START + minute * MINUTE)
        reported.append(watch.states()["test"][0])
    return "".join(reported)


def test_alarm_rules_read_from_the_template_equal_the_rule_table() -> None:
    """Deployment groups configure the alarms that stop a release; a local stage has no deployment groups."""
    read = {each.name: each for each in template_rules(read_operations())}
    for wanted in alarm_rules(ENVIRONMENTS["local"]):
        found = read.pop(wanted.name)
        assert list(found.metrics.values()) == list(wanted.metrics.values()), wanted.name
        assert replace(found, metrics=wanted.metrics, stops_release=wanted.stops_release) == wanted
    assert read == {}


def test_alarm_fires_at_its_threshold_and_recovers_below_it() -> None:
    log = MetricLog()
    for minute, value in enumerate((4.9, 5.0, 4.9)):
        put(log, START + minute * MINUTE + 1, value)
    assert states(rule(), log, 3) == "OAO"


def test_alarm_fires_only_when_every_period_breaches() -> None:
    log = MetricLog()
    for minute, value in enumerate((9, 9, 1, 9, 9, 9, 1)):
        put(log, START + minute * MINUTE + 1, value)
    assert states(rule(periods=3), log, 7) == "IIOOOAO"


@pytest.mark.parametrize(("missing_data", "expected"), [("breaching", "OAA"), ("notBreaching", "OOO")])
def test_missing_data_is_treated_as_the_rule_configures(missing_data: MissingData, expected: str) -> None:
    log = MetricLog()
    put(log, START + 1, 0)
    assert states(rule(missing_data=missing_data), log, 3) == expected


def test_ignored_missing_data_keeps_the_current_alarm_state() -> None:
    log = MetricLog()
    put(log, START + MINUTE + 1, 9)
    assert states(rule(missing_data="ignore"), log, 4) == "IAAA"
    assert states(rule(), log, 4) == "OAOO"


def test_late_metric_value_is_evaluated_when_it_arrives() -> None:
    log = MetricLog()
    watch = AlarmWatch([rule(missing_data="ignore")], log, START, TimeScale())
    put(log, START + 1, 0)
    assert [watch.evaluate_rules(START + minute * MINUTE) for minute in (1, 2)] == [[], []]
    put(log, START + MINUTE + 1, 9)
    (reported,) = watch.evaluate_rules(START + 3 * MINUTE)
    assert (reported.after, reported.values) == ("ALARM", (9.0,))


def test_evaluation_window_slides_every_minute_for_a_longer_period() -> None:
    log = MetricLog()
    put(log, START + 6 * MINUTE + 1, 9)
    assert states(rule(period_seconds=300), log, 13) == "IIIIOOAAAAAOO"


def test_values_with_other_dimensions_do_not_affect_an_alarm() -> None:
    log = MetricLog()
    put(log, START + 1, 9, metric=Metric("Test", "waiting", {"queue": "another"}))
    put(log, START + 1, 9, metric=Metric("Test", "waiting", {"queue": "q", "more": "m"}))
    assert states(rule(), log, 1) == "O"


def test_missing_data_before_the_start_does_not_fire_an_alarm() -> None:
    assert states(rule(periods=3, missing_data="breaching"), MetricLog(), 4) == "IIAA"


def test_at_speed_twelve_a_minute_lasts_five_seconds() -> None:
    log, watch = MetricLog(), None
    put(log, START + 1, 9)
    watch = AlarmWatch([rule()], log, START, TimeScale(12))
    assert [each.after for each in watch.evaluate_rules(START + 5)] == ["ALARM"]
    assert [each.after for each in watch.evaluate_rules(START + 9)] == []
    assert [each.after for each in watch.evaluate_rules(START + 10)] == ["OK"]


def test_alarm_transition_is_reported_once_with_its_values() -> None:
    log = MetricLog()
    put(log, START + 1, 9)
    watch = AlarmWatch([rule()], log, START, TimeScale())
    (reported,) = watch.evaluate_rules(START + MINUTE)
    assert (reported.before, reported.after, reported.values) == ("INSUFFICIENT_DATA", "ALARM", (9.0,))
    assert reported.reason == "[9] against a threshold of 5, over 60 s each"
    assert watch.evaluate_rules(START + MINUTE + 30) == []


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", 10),
        ("Maximum", 4),
        ("Minimum", 1),
        ("Average", 2.5),
        ("SampleCount", 4),
        ("p50", 2),
        ("p99", 4),
    ],
)
def test_metric_statistics_match_cloudwatch(statistic: str, expected: float) -> None:
    log = MetricLog()
    put(log, START, 3, 1, 2, 4)
    put(log, START + MINUTE, 99)
    metric = Metric("Test", "waiting", {"queue": "q"}, statistic)
    assert log.statistic(metric, START, START + MINUTE) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("100 * FILL(a, 0) / (FILL(b, 0) + 20)", 25),
        ("IF(a > 4, a, 0)", 5),
        ("IF(a >= 6, 1, 0)", 0),
        ("a + b", 5),
        ("a - 2 * b", 5),
        ("a > b", 1),
        ("b >= a", 0),
        ("2 * b", None),
        ("b < 1", None),
        ("a / b", None),
        ("a / 0", None),
    ],
)
def test_metric_math_treats_missing_data_like_cloudwatch(expression: str, expected: float | None) -> None:
    assert compute(expression, {"a": 5.0, "b": None}) == expected


def test_fill_returns_no_data_when_every_metric_is_missing() -> None:
    assert compute("FILL(a, 0)", {"a": None}) is None


@pytest.mark.parametrize("expression", ["SUM(METRICS())", "a ** 2", "unknown + 1", "a < 1 < 2"])
def test_unsupported_metric_math_is_rejected(expression: str) -> None:
    with pytest.raises(ExpressionError):
        compute(expression, {"a": 1.0})


@pytest.mark.parametrize("jump_seconds", [-3_600.0, 3_600.0])
def test_restart_after_a_clock_jump_neither_changes_nor_blocks_an_alarm(jump_seconds: float) -> None:
    log = MetricLog()
    watch = AlarmWatch([rule(missing_data="breaching")], log, START, TimeScale())
    put(log, START + 30, 1)
    watch.evaluate_rules(START + MINUTE)
    assert watch.states() == {"test": "OK"}
    after = START + MINUTE + jump_seconds
    watch.restart(after)
    assert watch.evaluate_rules(after) == []
    assert watch.states() == {"test": "OK"}
    put(log, after + 30, 9)
    (transition,) = watch.evaluate_rules(after + MINUTE)
    assert (transition.before, transition.after) == ("OK", "ALARM")


@pytest.mark.parametrize("jump_seconds", [-3_600.0, 3_600.0])
def test_alarm_evaluation_restarts_on_clock_jumps_but_not_on_slow_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_seconds: float
) -> None:
    runner = AlarmRunner("http://127.0.0.1:1", AlarmSettings(), Journal(tmp_path / "alarms.jsonl"))
    restarted: list[float] = []
    monkeypatch.setattr(runner._watch, "restart", restarted.append)  # noqa: SLF001
    now = time.time
    for moved_seconds in (0.0, 20.0, jump_seconds, jump_seconds):
        monkeypatch.setattr(time, "time", lambda moved=moved_seconds: now() + moved)
        runner._restart_after_clock_jump()  # noqa: SLF001
    assert len(restarted) == 1
