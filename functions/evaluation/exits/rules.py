"""Exit rules: the limits that a report breaks, and the actions of the policy. No clock, no store."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from functions.hub.domain.exposure import gross_exposure
from risk_hub_contracts.base.times import duration_text, parse_instant
from risk_hub_contracts.policies.exit_policy import (
    DrawdownLimit,
    ExitList,
    ExitPolicy,
    GrossLimit,
    LossLimit,
    MeasureLimit,
    StressLimit,
)
from risk_hub_contracts.reports.exit_signal import Action, ExitReason
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIXED_RATIOS: Mapping[Action, float] = {"exit": 1.0, "hold": 0.0}

AnyReport = RiskReport | StressReport


@dataclass(frozen=True, slots=True)
class Book:
    """A snapshot's data for the lists: its strategy, and its weights by asset id."""

    strategy: str
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that fired.

    Attributes:
        rule: its name, the same whenever the same limit is broken; a cool-down applies per name.
        ratio: the share of the position to give up, 0 to 1.
        asset: the asset concerned, None for the whole strategy.
        metrics: the observed value with its limit.
    """

    rule: str
    action: Action
    ratio: float
    reason: ExitReason
    detail: str
    metrics: Mapping[str, float]
    asset: str | None = None


def breaches(policy: ExitPolicy, report: AnyReport, book: Book) -> Iterator[Breach]:
    """Yield the breaches in the policy's order; the same arguments give the same breaches."""
    if isinstance(report, RiskReport):
        for measure_limit in policy.measures:
            yield from _measure_breach(measure_limit, report)
        for drawdown_limit in policy.drawdown:
            yield from _drawdown_breach(drawdown_limit, report)
    else:
        for stress_limit in policy.stress:
            yield from _stress_breach(stress_limit, report)
    for gross_limit in policy.gross:
        yield from _gross_breach(gross_limit, book)
    yield from _staleness_breach(policy, report)
    yield from _list_breaches("freeze", policy.freeze, book)
    yield from _list_breaches("drain", policy.drain, book)


def cool_down_window(as_of: datetime, cool_down_seconds: int) -> datetime:
    """Return the start of the window that contains an instant; all windows are counted from 1970."""
    length = timedelta(seconds=cool_down_seconds)
    return EPOCH + (as_of - EPOCH) // length * length


def _measure_breach(limit: MeasureLimit, report: RiskReport) -> Iterator[Breach]:
    wanted = (limit.measure, limit.method, limit.confidence_bps)
    for measure in report.measures:
        if (measure.measure, measure.method, measure.confidence_bps) == wanted:
            name = ".".join(str(part) for part in wanted if part is not None)
            yield from _loss_breach(limit, name, name, measure.value)


def _drawdown_breach(limit: DrawdownLimit, report: RiskReport) -> Iterator[Breach]:
    name = f"max_drawdown.{limit.window}"
    for window in report.windows:
        if window.length == limit.window:
            yield from _loss_breach(limit, name, name, window.max_drawdown)


def _stress_breach(limit: StressLimit, report: StressReport) -> Iterator[Breach]:
    known = [loss for loss in report.losses if loss.value is not None]
    if limit.scenario is None:
        worst = max(known, key=lambda loss: loss.value or 0.0, default=None)
        if worst is not None:
            yield from _loss_breach(limit, "worst_stress", f"stress.{worst.scenario}", worst.value)
        return
    for loss in known:
        if loss.scenario == limit.scenario:
            name = f"stress.{loss.scenario}"
            yield from _loss_breach(limit, name, name, loss.value)


def _loss_breach(limit: LossLimit, name: str, metric: str, loss: float | None) -> Iterator[Breach]:
    """Yield a breach beyond the limit. A loss without a value breaks no limit: its report has the reason."""
    if loss is None or loss <= limit.max_loss:
        return
    ratio = FIXED_RATIOS.get(limit.action)
    if ratio is None:
        ratio = limit.ratio or 1 - limit.max_loss / loss
    yield Breach(
        rule=f"{name}.{limit.action}",
        action=limit.action,
        ratio=ratio,
        reason="limit_exceeded",
        detail=f"{metric} is {loss:.6g}, over its limit of {limit.max_loss:.6g}",
        metrics={metric: loss, "limit": limit.max_loss},
    )


def _gross_breach(limit: GrossLimit, book: Book) -> Iterator[Breach]:
    """Yield a breach if the gross exposure is beyond the limit, on each kind of report."""
    gross = gross_exposure(book.weights)
    if gross <= limit.max_gross:
        return
    ratio = FIXED_RATIOS.get(limit.action)
    if ratio is None:
        ratio = limit.ratio or 1 - limit.max_gross / gross
    yield Breach(
        rule=f"gross_exposure.{limit.action}",
        action=limit.action,
        ratio=ratio,
        reason="limit_exceeded",
        detail=f"gross_exposure is {gross:.6g}, over its limit of {limit.max_gross:.6g}",
        metrics={"gross_exposure": gross, "limit": limit.max_gross},
    )


def _staleness_breach(policy: ExitPolicy, report: AnyReport) -> Iterator[Breach]:
    limit = policy.staleness
    age_seconds = (parse_instant(report.evaluated_at) - parse_instant(report.as_of)).total_seconds()
    if limit is None or age_seconds <= limit.max_age_seconds:
        return
    yield Breach(
        rule=f"staleness.{limit.action}",
        action=limit.action,
        ratio=FIXED_RATIOS[limit.action],
        reason="snapshot_stale",
        detail=f"the snapshot was {duration_text(age_seconds)} old when it was evaluated; "
        f"at most {duration_text(limit.max_age_seconds)} are allowed",
        metrics={"age_seconds": age_seconds, "limit_seconds": float(limit.max_age_seconds)},
    )


LISTS: Mapping[str, tuple[Action, ExitReason]] = {"freeze": ("hold", "frozen"), "drain": ("exit", "drained")}


def _list_breaches(name: str, listed: ExitList, book: Book) -> Iterator[Breach]:
    """Yield one breach for a listed strategy and one for each listed asset that is held, long or short."""
    action, reason = LISTS[name]
    ratio = FIXED_RATIOS[action]
    if book.strategy in listed.strategies:
        detail = f"strategy {book.strategy} is on the {name} list"
        yield Breach(f"{name}.strategy", action, ratio, reason, detail, {})
    for asset in dict.fromkeys(listed.assets):
        weight = book.weights.get(asset, 0.0)
        if weight:
            detail = f"asset {asset} is on the {name} list"
            yield Breach(f"{name}.asset.{asset}", action, ratio, reason, detail, {"weight": weight}, asset)
