"""Rules for the optional objects of a snapshot, and rules that they change: sum of weights, least shocks."""

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from math import fsum
from typing import Any, Final

from risk_hub_contracts.base.dates import date_violations
from risk_hub_contracts.base.ids import asset_id_violation
from risk_hub_contracts.base.limits import LIMITED_LOSS_RETURN_RATIO, WEIGHT_SUM_TOLERANCE
from risk_hub_contracts.base.pointers import pointer
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.base.violations import capped_violations

Body = Mapping[str, Any]
_SUM_DIGITS: Final = 12
_UNNAMED: Final[Mapping[str, Any]] = {}


def returns_meta_violations(body: Body) -> Iterator[Violation]:
    """Yield the violations of `returns_meta`: its dates must be those of the inline returns."""
    dates = body["returns_meta"].get("dates")
    if dates is None:
        return
    at = "/returns_meta/dates"
    if "realized_returns_ref" in body:
        yield Violation(at, "must be left out: the blob of realized_returns_ref holds its own dates")
        return
    if "realized_returns" not in body:
        yield Violation(at, "need inline realized_returns: send one date for each period of the returns")
        return
    yield from _length_violations(body["realized_returns"], len(dates), at)
    yield from _date_violations(dates, at)


def portfolio_returns_violations(body: Body) -> Iterator[Violation]:
    """Yield the violations of `portfolio_returns`: one of two series, and a date for each of its values."""
    record = body["portfolio_returns"]
    given = [name for name in ("returns", "nav") if name in record]
    if len(given) != 1:
        yield Violation("/portfolio_returns", "must have returns or nav, and not both")
        return
    if "dates" in record:
        count, at = len(record[given[0]]), "/portfolio_returns/dates"
        if len(record["dates"]) != count:
            dates = counted(len(record["dates"]), "date")
            yield Violation(at, f"has {dates} for {counted(count, 'value')}; send one for each")
        yield from _date_violations(record["dates"], at)


def risk_violations(body: Body) -> Iterator[Violation]:
    """Yield the violations of `risk`."""
    options = body["risk"]
    confidences = options.get("confidences_bps", ())
    if any(first >= second for first, second in pairwise(confidences)):
        yield Violation("/risk/confidences_bps", f"must be distinct and rising, not {confidences}")
    if "covariance_repair_max_change" in options and "covariance_repair" not in options:
        yield Violation(
            "/risk/covariance_repair_max_change",
            "limits a repair: send covariance_repair as well, or neither",
        )


def book_violations(body: Body) -> Iterator[Violation]:
    """Yield the violations of the rules between weights, `portfolio` and inline stress.

    Args:
        body: the valid fields. If `portfolio` was invalid and is left out, do not call this function.
    """
    if "weights" not in body:
        return
    weights, portfolio = body["weights"], body.get("portfolio", _UNNAMED)
    yield from _sum_violations(weights, portfolio)
    yield from _unlimited_loss_violations(weights, portfolio.get("unlimited_loss", ()))
    yield from shock_violations(
        body.get("stress", _UNNAMED), weights, portfolio.get("unlimited_loss", ()), "/stress"
    )


def shock_violations(
    scenarios: Mapping[str, Mapping[str, Any]],
    weights: Mapping[str, float],
    unlimited_loss: Collection[str],
    at: str,
) -> Iterator[Violation]:
    """Yield a violation for each shock below -1 of an asset that cannot lose more than its value.

    Args:
        scenarios: of a valid stress component.
        weights: of the snapshot.
        unlimited_loss: the assets whose shocks may be below -1.
        at: the pointer of the component; below an inline one, each violation has its own pointer.
    """

    def violation(hit: tuple[str, str, str, float]) -> Violation:
        scenario, member, asset_id, shock = hit
        own = (member, asset_id) if member == "shocks" else (member,)
        where = pointer("stress", scenario, *own) if at == "/stress" else at
        other = (
            f"name {asset_id!a} in portfolio.unlimited_loss"
            if asset_id in weights
            else f"leave out the shock: {asset_id!a} has no weight"
        )
        return Violation(
            where,
            f"the shock {shock!r} of scenario {scenario!a} takes more than the whole value of {asset_id!a}; "
            f"send at least -1 (-0.3 is a fall of 30 %), or {other}",
        )

    yield from capped_violations(_low_shocks(scenarios, weights, frozenset(unlimited_loss)), violation, at)


def _low_shocks(
    scenarios: Mapping[str, Mapping[str, Any]], weights: Mapping[str, float], unlimited: frozenset[str]
) -> Iterator[tuple[str, str, str, float]]:
    for scenario, values in scenarios.items():
        if "shocks" not in values:
            continue
        shocks, default = values["shocks"], values.get("default", 0.0)
        for asset_id, shock in shocks.items():
            if shock < LIMITED_LOSS_RETURN_RATIO and asset_id not in unlimited:
                yield scenario, "shocks", asset_id, shock
        if default < LIMITED_LOSS_RETURN_RATIO:
            limited = next((each for each in weights if each not in shocks and each not in unlimited), None)
            if limited is not None:
                yield scenario, "default", limited, default


def _sum_violations(weights: Mapping[str, float], portfolio: Mapping[str, Any]) -> Iterator[Violation]:
    if portfolio.get("weights_basis") == "gross_exposure":
        yield from _gross_violations(weights, portfolio)
        return
    total, cash = fsum(weights.values()), portfolio.get("cash")
    # The decimal bounds are inclusive, so the last bits of a float sum must not matter.
    if round(abs(fsum((total, cash or 0.0)) - 1), _SUM_DIGITS) <= WEIGHT_SUM_TOLERANCE:
        return
    if cash is None:
        hint = "; send the rest as portfolio.cash" if portfolio else ""
        yield Violation(
            "/weights",
            f"add up to {total!r}; the sum must be 1 within {WEIGHT_SUM_TOLERANCE}, inclusive{hint}",
        )
    else:
        yield Violation(
            "/portfolio/cash",
            f"is {cash!r} and the weights add up to {total!r}; their sum must be 1 within "
            f"{WEIGHT_SUM_TOLERANCE}, inclusive",
        )


def _gross_violations(weights: Mapping[str, float], portfolio: Mapping[str, Any]) -> Iterator[Violation]:
    gross = fsum(map(abs, weights.values()))
    if round(abs(gross - 1), _SUM_DIGITS) > WEIGHT_SUM_TOLERANCE:
        yield Violation(
            "/weights",
            f"have magnitudes that add up to {gross!r}; with weights_basis gross_exposure this sum must be 1 "
            f"within {WEIGHT_SUM_TOLERANCE}, inclusive",
        )
    if "cash" in portfolio:
        yield Violation("/portfolio/cash", "must be left out with weights_basis gross_exposure")


def _unlimited_loss_violations(weights: Mapping[str, float], named: Collection[str]) -> Iterator[Violation]:
    seen: set[str] = set()
    for place, asset_id in enumerate(named):
        detail = asset_id_violation(asset_id)
        if detail is None and asset_id in seen:
            detail = f"names {asset_id!a} a second time"
        elif detail is None and asset_id not in weights:
            detail = f"names {asset_id!a}, which has no weight; give it one, or the weight 0"
        seen.add(asset_id)
        if detail:
            yield Violation(pointer("portfolio", "unlimited_loss", place), detail)


def _length_violations(returns: Any, count: int, at: str) -> Iterator[Violation]:  # noqa: ANN401 - a map or a list
    series = {"": returns} if isinstance(returns, list) else returns
    for asset_id, values in series.items():
        if len(values) != count:
            whose = f"the series of {asset_id!a}" if asset_id else "the series"
            yield Violation(
                at,
                f"has {counted(count, 'date')}, and {whose} has {counted(len(values), 'return')}; "
                "send one date for each period",
            )
            return


def _date_violations(dates: list[str], at: str) -> Iterator[Violation]:
    for place, detail in date_violations(dates):
        yield Violation(f"{at}/{place}", detail)
