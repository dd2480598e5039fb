"""Repair of a given covariance that is not positive semi-definite, if the snapshot asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.evaluation.risk.inputs import CovarianceInput
from functions.measures.covariance.choose_form import choose_form
from functions.measures.covariance.form import CovarianceForm
from functions.measures.measures import volatility
from risk_hub_contracts.base.limits import COVARIANCE_REPAIR_ASSETS_MAX_COUNT
from risk_hub_contracts.blob.types import Covariance
from risk_hub_contracts.reports.covariance import CovarianceRepair
from risk_hub_contracts.reports.tail import LOSS_UNIT
from risk_hub_contracts.snapshot.facts import RiskOptions


@dataclass(frozen=True, slots=True)
class Attempt:
    """A repair in progress: the given covariance, and the known members of the repair's description."""

    given: CovarianceInput
    described: dict[str, Any]

    def refused(self, reason: str, **sizes: Any) -> CovarianceInput:  # noqa: ANN401 - the model checks them
        """Return the given covariance, which stays refused, with the reason why it was not repaired."""
        described = {**self.described, **sizes, "applied": False, "reason": reason}
        return replace(self.given, repair=CovarianceRepair(**described))


def repaired_input(
    given: CovarianceInput,
    covariance: Covariance,
    weights: Mapping[str, float],
    options: RiskOptions,
    other_reason: str | None,
) -> CovarianceInput:
    """Return the repaired covariance, or the given one with the reason why it stays refused.

    Args:
        given: refused because it is not positive semi-definite.
        covariance: the content of `given`.
        weights: weights of the held assets, by id.
        options: the snapshot's method and limit.
        other_reason: why the covariance must not be used even if it is repaired; None if it may be.
    """
    attempt = Attempt(given, _described(given, weights, options))
    if covariance.layout != "upper":
        return attempt.refused("factor_form")
    if len(covariance.ids) > COVARIANCE_REPAIR_ASSETS_MAX_COUNT:
        return attempt.refused("too_many_assets")
    from functions.measures.covariance.repair import repair_covariance  # noqa: PLC0415 - numpy, only for a repair

    found = repair_covariance(covariance, attempt.described["method"])
    if found is None:
        return attempt.refused("variance_not_positive")
    sizes = {
        "frobenius_distance": found.frobenius_distance,
        "largest_change": found.largest_change,
        "iterations": found.iterations,
        "converged": found.converged,
    }
    if found.largest_change > options.covariance_repair_max_change:
        return attempt.refused("change_above_limit", **sizes)
    form = choose_form(found.covariance)
    verdict = form.verdict()
    if verdict.reason is not None:
        return attempt.refused("not_repaired", **sizes)
    after = {"volatility_repaired": _volatility(given, form, weights), "applied": True}
    described = CovarianceRepair(**{**attempt.described, **sizes, **after})
    return replace(given, form=form, verdict=verdict, reason=other_reason, repair=described)


def _described(given: CovarianceInput, weights: Mapping[str, float], options: RiskOptions) -> dict[str, Any]:
    unknown = (
        "reason",
        "frobenius_distance",
        "largest_change",
        "iterations",
        "converged",
        "volatility_repaired",
    )
    return {
        **dict.fromkeys(unknown),
        "method": options.covariance_repair,
        "max_change": options.covariance_repair_max_change,
        "volatility_given": None if given.form is None else _volatility(given, given.form, weights),
        "unit": LOSS_UNIT,
    }


def _volatility(given: CovarianceInput, form: CovarianceForm, weights: Mapping[str, float]) -> float | None:
    """Return the book's volatility under a form; None if its variance is negative or an id is missing."""
    if set(weights) - set(given.ids):
        return None
    variance = form.product([weights.get(asset, 0.0) for asset in given.ids]).variance
    return None if variance < 0 else volatility(variance)
