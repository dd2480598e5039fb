"""Exit rules: the verdict of a policy on a report. No clock, no store."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from functions.evaluation.exit_state import Scope
from functions.evaluation.exits.doubts import warning_rows
from functions.evaluation.exits.loss_limits import loss_verdicts
from functions.evaluation.exits.readings import AnyReport, Evaluation
from functions.evaluation.exits.verdicts import (
    FIXED_RATIOS,
    Breach,
    Judgement,
    Met,
    Verdict,
    reduction,
    response_ratio,
)
from functions.hub.domain.exposure import gross_exposure
from risk_hub_contracts.base.bounds import broken_side
from risk_hub_contracts.base.times import duration_text, parse_instant
from risk_hub_contracts.policies.exit_policy import ExitList, ExitPolicy, GrossLimit, Response
from risk_hub_contracts.reports.exit_signal import Action, ExitReason
from risk_hub_contracts.reports.risk import RiskReport


@dataclass(frozen=True, slots=True)
class Book:
    """Strategy and weights of a snapshot, which gross limits and the `freeze` and `drain` lists need."""

    strategy: str
    weights: Mapping[str, float]


def judge(policy: ExitPolicy, evaluation: Evaluation, book: Book) -> Judgement:
    """Return the verdicts in the policy's order; the same arguments give the same verdicts."""
    scope: Scope = "risk" if isinstance(evaluation.report, RiskReport) else "stress"
    judgement = Judgement(frozenset({scope, "snapshot"}))
    for verdict in chain(
        loss_verdicts(policy, evaluation, scope),
        _warning_breaches(policy, evaluation, scope),
        (_gross_verdict(limit, book) for limit in policy.gross),
        _staleness_breach(policy, evaluation.report),
        _list_breaches("freeze", policy.freeze, book),
        _list_breaches("drain", policy.drain, book),
    ):
        judgement.add(verdict)
    return judgement


def _warning_breaches(policy: ExitPolicy, evaluation: Evaluation, scope: Scope) -> Iterator[Breach]:
    """Yield one breach for each code that the report warns of and the policy names."""
    for code in dict.fromkeys(str(row.get("code")) for row in warning_rows(evaluation)):
        response: Response = policy.on_warning.get(code, "ignore")
        if response != "ignore":
            yield Breach(
                rule=f"warning.{scope}.{code}",
                action=response,
                ratio=response_ratio(policy, response),
                reason="limit_exceeded",
                cause="warned",
                detail=f"the {scope} report warns: {code}",
                metrics={},
                scope=scope,
            )


def _gross_verdict(limit: GrossLimit, book: Book) -> Verdict:
    """Compare the gross exposure of the weights, which every snapshot has."""
    gross, rule = gross_exposure(book.weights), f"gross_exposure.{limit.action}"
    metrics = {"gross_exposure": gross, "limit": limit.max_gross}
    if broken_side(gross, highest=limit.max_gross) is None:
        return Met(rule, f"gross_exposure is {gross:.6g}, within its limit of {limit.max_gross:.6g}", metrics)
    return Breach(
        rule=rule,
        action=limit.action,
        ratio=reduction(limit.action, limit.ratio, limit.max_gross, gross),
        reason="limit_exceeded",
        detail=f"gross_exposure is {gross:.6g}, over its limit of {limit.max_gross:.6g}",
        metrics=metrics,
    )


def _staleness_breach(policy: ExitPolicy, report: AnyReport) -> Iterator[Breach]:
    limit = policy.staleness
    age_seconds = (parse_instant(report.evaluated_at) - parse_instant(report.as_of)).total_seconds()
    if limit is None or broken_side(age_seconds, highest=limit.max_age_seconds) is None:
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
