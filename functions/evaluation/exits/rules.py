"""Exit rules: which limits a report breaks, which it meets, and which cannot be decided. No clock, no store."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from functions.evaluation.exit_state import Scope
from functions.evaluation.exits.doubts import Doubt, doubt_of, warning_rows
from functions.evaluation.exits.readings import (
    AnyReport,
    Evaluation,
    Reading,
    drawdown_reading,
    measure_reading,
    stress_reading,
)
from functions.hub.domain.exposure import gross_exposure
from risk_hub_contracts.base.times import duration_text, parse_instant
from risk_hub_contracts.policies.exit_policy import (
    ExitList,
    ExitPolicy,
    GrossLimit,
    LossLimit,
    Response,
)
from risk_hub_contracts.reports.exit_signal import Action, ExitReason
from risk_hub_contracts.reports.risk import RiskReport

FIXED_RATIOS: Mapping[Action, float] = {"exit": 1.0, "hold": 0.0}


@dataclass(frozen=True, slots=True)
class Book:
    """A snapshot's data for the lists: its strategy, and its weights by asset id."""

    strategy: str
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that fired.

    Attributes:
        rule: its name, the same whenever the same limit fires, for whatever reason.
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
    scope: Scope = "snapshot"


@dataclass(frozen=True, slots=True)
class Met:
    """A limit that a number meets."""

    rule: str
    detail: str
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Undecided:
    """A limit whose number is missing or has no meaning, which the policy ignores or answers by a warning's rule.

    It neither fires nor is met.
    """

    rule: str


Verdict = Breach | Met | Undecided


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts on one report; a rule of `scopes` that has none does not apply any longer."""

    scopes: frozenset[Scope]
    breaches: list[Breach] = field(default_factory=list)
    met: dict[str, Met] = field(default_factory=dict)
    undecided: set[str] = field(default_factory=set)

    def add(self, verdict: Verdict) -> None:
        """Sort a verdict into its place."""
        if isinstance(verdict, Breach):
            self.breaches.append(verdict)
        elif isinstance(verdict, Met):
            self.met[verdict.rule] = verdict
        else:
            self.undecided.add(verdict.rule)


def judge(policy: ExitPolicy, evaluation: Evaluation, book: Book) -> Judgement:
    """Return the verdicts in the policy's order; the same arguments give the same verdicts."""
    scope: Scope = "risk" if isinstance(evaluation.report, RiskReport) else "stress"
    judgement, doubt = Judgement(frozenset({scope, "snapshot"})), doubt_of(policy, evaluation)
    for limit, name, reading in loss_readings(policy, evaluation):
        judgement.add(_loss_verdict(_Compared(policy, limit, name, reading, scope, doubt)))
    for breach in _warning_breaches(policy, evaluation, scope):
        judgement.add(breach)
    for gross_limit in policy.gross:
        judgement.add(_gross_verdict(gross_limit, book))
    for breach in _staleness_breach(policy, evaluation.report):
        judgement.add(breach)
    for listed in (
        _list_breaches("freeze", policy.freeze, book),
        _list_breaches("drain", policy.drain, book),
    ):
        for breach in listed:
            judgement.add(breach)
    return judgement


def loss_readings(policy: ExitPolicy, evaluation: Evaluation) -> Iterator[tuple[LossLimit, str, Reading]]:
    """Yield each limit on this kind of report with its name and its number."""
    report, document = evaluation.report, evaluation.document
    if isinstance(report, RiskReport):
        for measure_limit in policy.measures:
            reading = measure_reading(measure_limit, report, document)
            yield measure_limit, reading.metric, reading
        for drawdown_limit in policy.drawdown:
            reading = drawdown_reading(drawdown_limit, report, document)
            yield drawdown_limit, reading.metric, reading
        return
    for stress_limit in policy.stress:
        name = "worst_stress" if stress_limit.scenario is None else f"stress.{stress_limit.scenario}"
        yield stress_limit, name, stress_reading(stress_limit, report)


@dataclass(frozen=True, slots=True)
class _Compared:
    """One limit with its number, and what is known of both."""

    policy: ExitPolicy
    limit: LossLimit
    name: str
    reading: Reading
    scope: Scope
    doubt: Doubt

    @property
    def rule(self) -> str:
        return f"{self.name}.{self.limit.action}"

    @property
    def bound(self) -> str:
        return f"its limit is {self.limit.max_loss:.6g}"


def _loss_verdict(compared: _Compared) -> Verdict:
    """Compare a loss with its limit; a number without meaning can break a limit but cannot meet it."""
    limit, reading, doubt = compared.limit, compared.reading, compared.doubt
    metric, loss = reading.metric, reading.value
    if loss is not None and loss > limit.max_loss:
        return Breach(
            rule=compared.rule,
            action=limit.action,
            ratio=_reduction(limit.action, limit.ratio, limit.max_loss, loss),
            reason="limit_exceeded",
            detail=f"{metric} is {loss:.6g}, over its limit of {limit.max_loss:.6g}",
            metrics={metric: loss, "limit": limit.max_loss},
            scope=compared.scope,
        )
    if reading.reason is not None:
        return _missing_verdict(compared, f"{metric} is not computed ({reading.reason}); {compared.bound}")
    if doubt.unanswered:
        found = f"{metric} is {loss:.6g} but has no meaning ({', '.join(doubt.unanswered)})"
        return _missing_verdict(compared, f"{found}; {compared.bound}")
    if doubt.answered:
        return Undecided(compared.rule)
    detail = f"{metric} is {loss:.6g}, within its limit of {limit.max_loss:.6g}"
    return Met(compared.rule, detail, {metric: loss or 0.0, "limit": limit.max_loss})


def _missing_verdict(compared: _Compared, detail: str) -> Verdict:
    policy, limit, reading = compared.policy, compared.limit, compared.reading
    ignored = reading.absent and policy.absent_inputs == "ignore"
    if limit.on_missing == "ignore" or ignored:
        return Undecided(compared.rule)
    known = {} if reading.value is None else {reading.metric: reading.value}
    return Breach(
        rule=compared.rule,
        action=limit.on_missing,
        ratio=_response_ratio(policy, limit.on_missing, limit.ratio),
        reason="not_computed",
        detail=detail,
        metrics={**known, "limit": limit.max_loss},
        scope=compared.scope,
    )


def _reduction(action: Action, ratio: float | None, limit: float, observed: float) -> float:
    """Return the share to give up: fixed by the action or the limit, else what brings the value to the limit."""
    fixed = FIXED_RATIOS.get(action)
    return fixed if fixed is not None else ratio or 1 - limit / observed


def _response_ratio(policy: ExitPolicy, action: Action, ratio: float | None = None) -> float:
    """Return the share to give up without a number; a `reduce` without any share gives up all (fail-safe)."""
    fixed = FIXED_RATIOS.get(action)
    return fixed if fixed is not None else ratio or policy.fallback_ratio or 1.0


def _warning_breaches(policy: ExitPolicy, evaluation: Evaluation, scope: Scope) -> Iterator[Breach]:
    """Yield one breach for each code that the report warns of and the policy names."""
    for code in dict.fromkeys(str(row.get("code")) for row in warning_rows(evaluation)):
        response: Response = policy.on_warning.get(code, "ignore")
        if response != "ignore":
            yield Breach(
                rule=f"warning.{scope}.{code}",
                action=response,
                ratio=_response_ratio(policy, response),
                reason="warned",
                detail=f"the {scope} report warns: {code}",
                metrics={},
                scope=scope,
            )


def _gross_verdict(limit: GrossLimit, book: Book) -> Verdict:
    """Compare the gross exposure of the weights, which every snapshot has."""
    gross, rule = gross_exposure(book.weights), f"gross_exposure.{limit.action}"
    metrics = {"gross_exposure": gross, "limit": limit.max_gross}
    if gross <= limit.max_gross:
        return Met(rule, f"gross_exposure is {gross:.6g}, within its limit of {limit.max_gross:.6g}", metrics)
    return Breach(
        rule=rule,
        action=limit.action,
        ratio=_reduction(limit.action, limit.ratio, limit.max_gross, gross),
        reason="limit_exceeded",
        detail=f"gross_exposure is {gross:.6g}, over its limit of {limit.max_gross:.6g}",
        metrics=metrics,
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
