"""Numbers of a report that limits are compared with: each has a value, or a reason why it is missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from risk_hub_contracts.base.confidence import (
    TAIL_MIN_OBSERVATIONS,
    WINDOW_MIN_OBSERVATIONS,
    interpolated_tail_observations,
)
from risk_hub_contracts.policies.exit_policy import DrawdownLimit, MeasureLimit, StressLimit
from risk_hub_contracts.reports.risk import InputKind, RiskMeasure, RiskReport
from risk_hub_contracts.reports.stress import StressLoss, StressReport

AnyReport = RiskReport | StressReport
Document = Mapping[str, Any]

NO_SCENARIOS = "stress_absent"
NO_SHOCKS = "shocks_absent"
NOT_IN_REPORT = "not_in_report"
SCENARIO_ABSENT = "scenario_absent"
SCENARIO_OMITTED = "scenario_omitted"
INPUTS_STALE = "inputs_stale"
OWN_LOSS_NEGATIVE = "own_loss_negative"
INSUFFICIENT = "insufficient"
TOO_FEW_LOSSES = "too_few_tail_observations"
TOO_FEW_OBSERVATIONS = "too_few_observations"
LOSS = "loss"
# A drawdown has no direction: producers send it with either sign.
DRAWDOWN = "max_drawdown"
TAIL_NAMES = ("value_at_risk", "expected_shortfall")
RETURNS: tuple[InputKind, ...] = ("realized_returns",)
ABSENT_REASONS = frozenset({"covariance_absent", "realized_returns_absent"})
PARAMETRIC_INPUTS: tuple[InputKind, ...] = ("covariance", "realized_returns")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report: its model, and the document, which may have members that the model does not know."""

    report: AnyReport
    document: Document


@dataclass(frozen=True, slots=True)
class Reading:
    """The number that a limit is compared with.

    Attributes:
        metric: name of the number in signals.
        value: the number; with a `reason`, the known part of it, such as the loss of the covered assets.
        reason: why the number is missing, partial or not reliable; None if `value` is complete and reliable.
        absent: whether the number is missing because the snapshot has no input for it.
        judged: whether a complete number was compared; of several scenarios, at least one.
    """

    metric: str
    value: float | None = None
    reason: str | None = None
    absent: bool = False
    judged: bool = False


def measure_reading(limit: MeasureLimit, report: RiskReport, document: Document) -> Reading:
    """Return the number of a limit on a measure: a row of `measures`, otherwise of `tails`.

    An empirical number comes from `tails` if it can: only that row says whether its tail has enough observations.
    """
    wanted = (limit.measure, limit.method, limit.confidence_bps)
    metric = ".".join(str(part) for part in wanted if part is not None)
    is_empirical = limit.method.startswith("historical")
    absent = _is_absent(report, RETURNS if is_empirical else PARAMETRIC_INPUTS)
    reason: str | None = NOT_IN_REPORT
    tails = [row for row in _rows(document.get("tails")) if _is_wanted(row, limit)]
    for row in [] if is_empirical and tails else report.measures:
        if (row.measure, row.method, row.confidence_bps) == wanted:
            if row.value is not None:
                few = is_empirical and not report.riskless and _has_few_losses(row)
                return Reading(metric, row.value, TOO_FEW_LOSSES if few else None, judged=not few)
            reason = row.reason or NOT_IN_REPORT
            absent = reason in ABSENT_REASONS
    if tails:
        return _tail_reading(metric, tails[0], limit.measure, absent=absent)
    return Reading(metric, None, reason, absent)


def _has_few_losses(row: RiskMeasure) -> bool:
    """Return whether fewer than three losses decide an empirical number of `measures`."""
    if row.observations is None or row.confidence_bps is None:
        return False
    return interpolated_tail_observations(row.observations, row.confidence_bps) < TAIL_MIN_OBSERVATIONS


def _is_wanted(tail: Document, limit: MeasureLimit) -> bool:
    at = (tail.get("method"), tail.get("confidence_bps"))
    return limit.measure in TAIL_NAMES and at == (limit.method, limit.confidence_bps)


def _tail_reading(metric: str, tail: Document, measure: str, *, absent: bool) -> Reading:
    """Return a number of `tails`; one from too few observations has a reason."""
    value = tail.get(measure)
    if value is None:
        return Reading(metric, None, tail.get("reason") or NOT_IN_REPORT, absent)
    if tail.get("sufficient") is False:
        return Reading(metric, value, tail.get("reason") or INSUFFICIENT)
    return Reading(metric, value, judged=True)


def drawdown_reading(limit: DrawdownLimit, report: RiskReport, document: Document) -> Reading:
    """Return the drawdown of a window, from the track record if the report has one.

    A drawdown from fewer than 20 returns, or from a track record that ended too long ago, can break a
    limit but cannot meet it.
    """
    metric = f"{DRAWDOWN}.{limit.window}"
    record = document.get("track_record")
    if record:
        windows = _rows(record.get("windows") if isinstance(record, Mapping) else record)
        absent = False
    else:
        windows = [window.model_dump() for window in report.windows]
        absent = _is_absent(report, RETURNS)
    for window in windows:
        if window.get("length") == limit.window:
            value = window.get(DRAWDOWN)
            if value is not None and record and _is_stale(document):
                return Reading(metric, value, INPUTS_STALE)
            if value is not None and window.get("observations", 0) < WINDOW_MIN_OBSERVATIONS:
                return Reading(metric, value, TOO_FEW_OBSERVATIONS)
            if value is not None:
                return Reading(metric, value, judged=True)
            return Reading(metric, None, (window.get("reasons") or {}).get(DRAWDOWN) or NOT_IN_REPORT, absent)
    reason = record.get("reason") if isinstance(record, Mapping) else None
    return Reading(metric, None, reason or NOT_IN_REPORT, absent)


def _is_stale(document: Document) -> bool:
    """Return whether the report warns that the track record ended too long ago."""
    wanted = (INPUTS_STALE, "portfolio_returns")
    return any((row.get("code"), row.get("subject")) == wanted for row in _rows(document.get("warnings")))


def stress_reading(limit: StressLimit, report: StressReport) -> Reading:
    """Return the loss under the limit's scenario; without a scenario, the worst loss of all."""
    readings = list(_scenario_readings(report, limit.max_loss))
    if limit.scenario is None:
        return _worst(readings, report)
    metric = f"stress.{limit.scenario}"
    named = [reading for reading in readings if reading.metric == metric]
    if named:
        return named[0]
    if report.reason is not None:
        return Reading(metric, None, report.reason, absent=report.reason == NO_SCENARIOS)
    omitted = report.scenarios_omitted or report.metrics_omitted
    return Reading(metric, None, SCENARIO_OMITTED if omitted else SCENARIO_ABSENT)


def _worst(readings: Sequence[Reading], report: StressReport) -> Reading:
    """Return the worst loss; its reason is that of the first scenario whose loss is missing."""
    if not readings:
        reason = report.reason or NO_SCENARIOS
        return Reading("worst_stress", None, reason, absent=reason == NO_SCENARIOS)
    known = [reading for reading in readings if reading.value is not None]
    worst = max(known, key=lambda reading: reading.value or 0.0, default=None)
    missing = [reading for reading in readings if reading.reason is not None]
    sent = [reading for reading in missing if not reading.absent]
    first = next(iter([*sent, *missing]), None)
    return Reading(
        metric="worst_stress" if worst is None else worst.metric,
        value=None if worst is None else worst.value,
        reason=None if first is None else f"{first.metric}: {first.reason}",
        absent=bool(missing) and not sent,
        judged=any(reading.judged for reading in readings),
    )


def _scenario_readings(report: StressReport, max_loss: float) -> Iterator[Reading]:
    """Yield one reading for each scenario of the report: the worst of its computed and own losses."""
    for loss in report.losses:
        yield _scenario_reading(loss, list(_own_losses(report, loss.scenario)), max_loss)


def _scenario_reading(loss: StressLoss, own: Sequence[float], max_loss: float) -> Reading:
    """Return the worst loss.

    It has a reason if the producer's own loss is the only complete number, is negative, and would break the
    limit with the other sign: its sign may be wrong.
    """
    whole = [*own, *([] if loss.value is None else [loss.value])]
    if loss.value is None and own and max(own) < -max_loss:
        return Reading(f"stress.{loss.scenario}", max(own), OWN_LOSS_NEGATIVE)
    known = [*whole, *([] if loss.covered_value is None else [loss.covered_value])]
    return Reading(
        metric=f"stress.{loss.scenario}",
        value=max(known, default=None),
        reason=None if whole else loss.reason or NO_SHOCKS,
        absent=not whole and loss.reason == NO_SHOCKS,
        judged=bool(whole),
    )


def _own_losses(report: StressReport, scenario: str) -> Iterator[float]:
    """Yield the producer's own losses under a scenario, as positive fractions."""
    for metric in report.metrics:
        if metric.scenario == scenario and metric.metric == LOSS:
            yield metric.value
        elif metric.scenario == scenario and metric.metric == DRAWDOWN:
            yield abs(metric.value)


def _is_absent(report: RiskReport, kinds: Sequence[InputKind]) -> bool:
    sources = {each.kind: each.source for each in report.inputs}
    return all(sources.get(kind) == "absent" for kind in kinds)


def _rows(value: object) -> list[Document]:
    """Return the objects of a list that an engine of another release may have written."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
