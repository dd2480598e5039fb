"""Evaluate every rule once per minute of its time and report the changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.cdk.alarms.rule import AlarmRule
from infra.local.alarms.evaluate import INSUFFICIENT_DATA, State, TimeScale, datapoints, next_state
from infra.local.alarms.metric_log import MetricLog


@dataclass(frozen=True, slots=True)
class Transition:
    """One alarm turned on or ended."""

    at: datetime
    rule: AlarmRule
    before: State
    after: State
    values: tuple[float | None, ...]

    @property
    def reason(self) -> str:
        """Return the values that decided, newest first."""
        seen = ", ".join("no data" if value is None else f"{value:g}" for value in self.values)
        return (
            f"[{seen}] against a threshold of {self.rule.threshold:g}, over {self.rule.period_seconds} s each"
        )


class AlarmWatch:
    """The state of every alarm of a stage.

    An alarm is first evaluated when the watch has run for the alarm's whole window, so that a newly started
    stage does not count as silent. The first change to OK is not reported.
    """

    def __init__(
        self, rules: Iterable[AlarmRule], log: MetricLog, since: float, time_scale: TimeScale
    ) -> None:
        self._rules = list(rules)
        self._log, self._since, self._time_scale = log, since, time_scale
        self._states: dict[str, State] = {}
        self._evaluated_until = since

    def evaluate_rules(self, now: float) -> list[Transition]:
        """Return the changes since the last call; `now` is in seconds since 1970."""
        end = self._time_scale.window_end(now)
        if end <= self._evaluated_until:
            return []
        self._evaluated_until = end
        transitions = (
            self._evaluate_rule(rule, end)
            for rule in self._rules
            if end - self._window_seconds(rule) >= self._since
        )
        return [each for each in transitions if each is not None]

    def restart(self, now: float) -> None:
        """Evaluate only later data: after a clock jump, earlier times cannot be compared with later ones."""
        self._since = self._evaluated_until = now

    def states(self) -> dict[str, State]:
        """Return every alarm's state by name."""
        return {rule.name: self._states.get(rule.name, INSUFFICIENT_DATA) for rule in self._rules}

    def _window_seconds(self, rule: AlarmRule) -> float:
        return self._time_scale.real_seconds(rule.periods * rule.period_seconds)

    def _evaluate_rule(self, rule: AlarmRule, end: float) -> Transition | None:
        before = self._states.get(rule.name, INSUFFICIENT_DATA)
        values = datapoints(rule, self._log, end, self._time_scale)
        after = self._states[rule.name] = next_state(rule, values, before)
        if after == before or (before == INSUFFICIENT_DATA and after == "OK"):
            return None
        return Transition(datetime.fromtimestamp(end, tz=UTC), rule, before, after, tuple(values))
