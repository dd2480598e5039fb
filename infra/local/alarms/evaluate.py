"""What a rule says of the metrics at one moment: CloudWatch's own way of counting, for the settings that we use."""

from dataclasses import dataclass
from typing import Final, Literal

from infra.alarms.rule import MINUTE_SECONDS, QUIET_KEEPS_STATE, AlarmRule
from infra.local.alarms.metric_log import MetricLog
from infra.local.alarms.metric_math import compute

State = Literal["INSUFFICIENT_DATA", "OK", "ALARM"]
LATE_PERIODS: Final = 3
UNKNOWN: Final[State] = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast time passes for the rules: at 12, a minute of a rule is five seconds of the clock."""

    speed: int = 1

    def seconds(self, of_rule: float) -> float:
        """Return how long a rule's seconds take."""
        return of_rule / self.speed

    def window_end(self, now: float) -> float:
        """Return the end of the last whole minute: windows slide by minutes, whatever their period."""
        minute = self.seconds(MINUTE_SECONDS)
        return now // minute * minute


def datapoints(rule: AlarmRule, log: MetricLog, end: float, pace: Pace) -> list[float | None]:
    """Return the rule's values of its last periods before `end` (seconds since 1970), newest first.

    Where silence is no news, the newest values there are count, from a few periods further back if need be, as
    CloudWatch does: a value that arrived late would otherwise never be judged.
    """
    period = pace.seconds(rule.period_seconds)
    late = LATE_PERIODS if rule.silence == QUIET_KEEPS_STATE else 0
    windows = [(end - (back + 1) * period, end - back * period) for back in range(rule.periods + late)]
    values = [_value(rule, log, start, stop) for start, stop in windows]
    if rule.silence == QUIET_KEEPS_STATE:
        values = [*(value for value in values if value is not None), *values]
    return values[: rule.periods]


def _value(rule: AlarmRule, log: MetricLog, start: float, end: float) -> float | None:
    values = {name: log.statistic(metric, start, end) for name, metric in rule.metrics.items()}
    return compute(rule.expression, values) if rule.expression else next(iter(values.values()))


def next_state(rule: AlarmRule, values: list[float | None], before: State) -> State:
    """Return what the rule says of its periods' values; `before` stays while silence leaves it undecided."""
    if rule.silence == QUIET_KEEPS_STATE and None in values:
        return before
    return "ALARM" if all(rule.is_wrong(value) for value in values) else "OK"
