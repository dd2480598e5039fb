"""Meaning of the numbers of a snapshot: typed access to its optional objects, with their defaults (ADR-0042)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Self

from risk_hub_contracts.base.confidence import DEFAULT_CONFIDENCES_BPS
from risk_hub_contracts.base.dates import utc_date
from risk_hub_contracts.base.limits import COVARIANCE_REPAIR_CHANGE_DEFAULT_ABS
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.snapshot.scalars import CovarianceRepair, Frequency, MissingRule, WeightsBasis

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The portfolio as a whole.

    Attributes:
        nav: net asset value in `currency`; None if unknown.
        currency: ISO 4217 code; None if unknown.
        cash: share of portfolio value held in cash.
        weights_basis: what the weights are shares of.
        unlimited_loss: ids of assets whose loss can exceed their value.
    """

    nav: float | None = None
    currency: str | None = None
    cash: float = 0.0
    weights_basis: WeightsBasis = "net_asset_value"
    unlimited_loss: frozenset[str] = frozenset()

    @classmethod
    def of(cls, document: Document) -> Self:
        """Build from the JSON object of a valid snapshot."""
        return cls(**{**document, "unlimited_loss": frozenset(document.get("unlimited_loss", ()))})


@dataclass(frozen=True, slots=True)
class ReturnsMeta:
    """The meaning of the realised returns; a member is None if the producer did not state it.

    The dates of the periods are part of the decoded component, inline or by reference.
    """

    frequency: Frequency | None = None
    periods_per_year: float | None = None
    max_input_age_seconds: int | None = None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Build from the JSON object of a valid snapshot."""
        return cls(**{name: value for name, value in document.items() if name != "dates"})


@dataclass(frozen=True, slots=True)
class CovarianceMeta:
    """The origin and the scale of the covariance; a member is None if the producer did not state it."""

    estimated_at: datetime | None = None
    observations: int | None = None
    periods_per_year: float | None = None
    max_input_age_seconds: int | None = None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Build from the JSON object of a valid snapshot."""
        estimated_at = document.get("estimated_at")
        return cls(
            **{
                **document,
                "estimated_at": None if estimated_at is None else parse_instant(estimated_at),
            }
        )


@dataclass(frozen=True, slots=True)
class PortfolioReturns:
    """The portfolio's own track record: either `returns` or `nav`, in the producer's order.

    Attributes:
        returns: one-period returns; None with `nav`.
        nav: net asset values; None with `returns`.
        dates: one ISO 8601 text for each value; None if undated.
        periods_per_year: None if the producer did not state it.
    """

    returns: tuple[float, ...] | None = None
    nav: tuple[float, ...] | None = None
    dates: tuple[str, ...] | None = None
    periods_per_year: float | None = None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Build from the JSON object of a valid snapshot."""
        members: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        return cls(**members)

    def dated_returns(self) -> tuple[list[float], list[date] | None]:
        """Return the returns, oldest first, and the UTC date on which each period ends; None if undated.

        Values are sorted by date before net asset values become returns, so that their order has no effect.
        """
        values = list(self.returns or self.nav or ())
        dates = None if self.dates is None else list(map(utc_date, self.dates))
        if dates is not None:
            order = sorted(range(len(dates)), key=dates.__getitem__)
            dates, values = [dates[place] for place in order], [values[place] for place in order]
        if self.nav is None:
            return values, dates
        returns = [after / before - 1 for before, after in pairwise(values)]
        return returns, None if dates is None else dates[1:]


@dataclass(frozen=True, slots=True)
class RiskOptions:
    """Options of the risk engine for one snapshot.

    Attributes:
        confidences_bps: confidences of VaR and ES, in basis points, ascending.
        covariance_repair: the method of the repair; None refuses a covariance that is not positive semidefinite.
        covariance_repair_max_change: the greatest change of any correlation that a repair may make.
        missing: the rule for missing observations.
    """

    confidences_bps: tuple[int, ...] = DEFAULT_CONFIDENCES_BPS
    covariance_repair: CovarianceRepair | None = None
    covariance_repair_max_change: float = COVARIANCE_REPAIR_CHANGE_DEFAULT_ABS
    missing: MissingRule = "complete_case"

    @classmethod
    def of(cls, document: Document) -> Self:
        """Build from the JSON object of a valid snapshot."""
        confidences = tuple(document.get("confidences_bps", DEFAULT_CONFIDENCES_BPS))
        return cls(**{**document, "confidences_bps": confidences})
