"""The second layer of the contract: grammars, and rules between fields that passed the first layer."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from risk_hub_contracts.base.ids import are_plain_names, asset_id_violation, id_violation, name_violation
from risk_hub_contracts.base.limits import (
    AS_OF_MIN_YEAR,
    FUTURE_SKEW_MAX_SECONDS,
    RETURNS_TOTAL_MAX_POINTS,
)
from risk_hub_contracts.base.pointers import pointer
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.base.times import InstantError, duration_text, parse_instant
from risk_hub_contracts.snapshot.fact_rules import (
    portfolio_returns_violations,
    returns_meta_violations,
    risk_violations,
)
from risk_hub_contracts.snapshot.request import KINDS, REF_FIELDS


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The context of a body: world (path), actor and stage (headers), the hub's clock and bucket."""

    world_id: str
    actor: str
    stage: str
    now: datetime
    bucket: str | None


Body = Mapping[str, Any]
Rule = Callable[[Body, RequestContext], Iterable[Violation]]


def rule_violations(body: Body, context: RequestContext) -> Iterator[Violation]:
    """Yield the violations of the rules for the fields that are present."""
    if violation := id_violation(context.world_id):
        yield Violation("/world_id", violation)
    for field, rule in _RULES:
        if field in body:
            yield from rule(body, context)
    for kind in KINDS:
        if kind in body and REF_FIELDS[kind] in body:
            yield Violation(f"/{kind}", f"send {kind} or {REF_FIELDS[kind]}, not both")


def _version(body: Body, _: RequestContext) -> Iterator[Violation]:
    if violation := id_violation(body["version"]):
        yield Violation("/version", violation)


def _as_of(body: Body, context: RequestContext) -> Iterator[Violation]:
    yield from _instant_violations("/as_of", body["as_of"], context.now)


def _covariance_meta(body: Body, context: RequestContext) -> Iterator[Violation]:
    if "estimated_at" in (meta := body["covariance_meta"]):
        yield from _instant_violations("/covariance_meta/estimated_at", meta["estimated_at"], context.now)


def _instant_violations(at: str, text: str, now: datetime) -> Iterator[Violation]:
    """Yield the violations of an instant of the past: malformed, before 1990 or ahead of the hub's clock."""
    try:
        instant = parse_instant(text)
    except InstantError as error:
        yield Violation(at, str(error))
        return
    if instant.year < AS_OF_MIN_YEAR:
        yield Violation(at, f"must not be before the year {AS_OF_MIN_YEAR}")
    if instant > now + timedelta(seconds=FUTURE_SKEW_MAX_SECONDS):
        yield Violation(
            at,
            f"is {duration_text((instant - now).total_seconds())} ahead of the hub's clock; "
            f"at most {duration_text(FUTURE_SKEW_MAX_SECONDS)} are allowed",
        )


def _weights(body: Body, _: RequestContext) -> Iterator[Violation]:
    yield from _name_violations(body["weights"], asset_id_violation, "weights")


def _returns(body: Body, _: RequestContext) -> Iterator[Violation]:
    returns = body["realized_returns"]
    if isinstance(returns, list):
        yield from _observation_violations({(): returns})
        return
    yield from _observation_violations({(asset_id,): series for asset_id, series in returns.items()})
    yield from _name_violations(returns, asset_id_violation, "realized_returns")
    points = sum(map(len, returns.values()))
    if points > RETURNS_TOTAL_MAX_POINTS:
        yield Violation(
            "/realized_returns", f"has {points} points; at most {RETURNS_TOTAL_MAX_POINTS} are allowed"
        )


def _observation_violations(series: Mapping[tuple[str, ...], list[float | None]]) -> Iterator[Violation]:
    for names, values in series.items():
        if values[0] is None and all(value is None for value in values):
            detail = "has no observation: every return is null; leave the series out"
            yield Violation(pointer("realized_returns", *names), detail)


def _stress(body: Body, _: RequestContext) -> Iterator[Violation]:
    yield from _name_violations(body["stress"], name_violation, "stress")
    for scenario, values in body["stress"].items():
        yield from _name_violations(values, name_violation, "stress", scenario)
        yield from _name_violations(
            values.get("shocks", ()), asset_id_violation, "stress", scenario, "shocks"
        )


def _provenance(body: Body, context: RequestContext) -> Iterator[Violation]:
    provenance = body["provenance"]
    if provenance.get("actor", context.actor) != context.actor:
        yield Violation("/provenance/actor", f"must equal X-Actor, {context.actor!a}, or be left out")
    if provenance.get("stage", context.stage).lower() != context.stage:
        yield Violation("/provenance/stage", f"must equal X-Stage, {context.stage!a}, or be left out")


def _name_violations(
    names: Collection[str],
    violation_of: Callable[[str], str | None],
    *parents: str,
) -> Iterator[Violation]:
    for name in () if are_plain_names(names) else names:
        if violation := violation_of(name):
            yield Violation(pointer(*parents, name), violation)


def _rule_of(violations_of: Callable[[Body], Iterable[Violation]]) -> Rule:
    """Return a rule that needs no context."""
    return lambda body, _: violations_of(body)


_RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("version", _version),
    ("as_of", _as_of),
    ("weights", _weights),
    ("realized_returns", _returns),
    ("stress", _stress),
    ("returns_meta", _rule_of(returns_meta_violations)),
    ("covariance_meta", _covariance_meta),
    ("portfolio_returns", _rule_of(portfolio_returns_violations)),
    ("risk", _rule_of(risk_violations)),
    ("provenance", _provenance),
)
