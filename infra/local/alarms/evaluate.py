"""Evaluation of a rule at one moment: CloudWatch's algorithm, for the settings that the rules use."""

from dataclasses import dataclass
from typing import Final, Literal

from infra.cdk.alarms.rule import MINUTE_SECONDS, MISSING_KEEPS_STATE, AlarmRule
from infra.local.alarms.metric_log import MetricLog
from infra.local.alarms.metric_math import compute

State = Literal["INSUFFICIENT_DATA", "OK", "ALARM"]
LATE_PERIODS: Final = 3
INSUFFICIENT_DATA: Final[State] = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Speed of the rules' time: at 12, a minute of a rule takes five seconds."""

    speed: int = 1

    def real_seconds(self, rule_seconds: float) -> float:
        """Return the real duration of a rule's seconds."""
        return rule_seconds / self.speed

    def window_end(self, now: float) -> float:
        """Return the end of the last whole minute: windows slide by minutes for every period."""
        minute = self.real_seconds(MINUTE_SECONDS)
        return now // minute * minute


def datapoints(rule: AlarmRule, log: MetricLog, end: float, time_scale: TimeScale) -> list[float | None]:
    """Return the rule's values of its last periods before `end` (seconds since 1970), newest first.

    If missing data keeps the state, the newest existing values count, from a few periods further back if
    necessary, as in CloudWatch: a value that arrived late would otherwise never be evaluated.
    """
    period = time_scale.real_seconds(rule.period_seconds)
    late = LATE_PERIODS if rule.missing_data == MISSING_KEEPS_STATE else 0
    windows = [(end - (back + 1) * period, end - back * period) for back in range(rule.periods + late)]
    values = [_value(rule, log, start, stop) for start, stop in windows]
    if rule.missing_data == MISSING_KEEPS_STATE:
        values = [*(value for value in values if value is not None), *values]
    return values[: rule.periods]


def _value(rule: AlarmRule, log: MetricLog, start: float, end: float) -> float | None:
    values = {name: log.statistic(metric, start, end) for name, metric in rule.metrics.items()}
    return compute(rule.expression, values) if rule.expression else next(iter(values.values()))


def next_state(rule: AlarmRule, values: list[float | None], before: State) -> State:
    """Return the state for the periods' values; keep `before` if missing data decides nothing."""
    if rule.missing_data == MISSING_KEEPS_STATE and None in values:
        return before
    return "ALARM" if all(rule.breaches(value) for value in values) else "OK"
