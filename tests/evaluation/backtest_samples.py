"""Forecasts to back-test, written briefly."""

from typing import Any

from risk_hub_contracts.reports.forecast import CrossSection, Forecast, TailForecast

BOOK = {"A": 0.6, "B": 0.4}


def forecast(as_of: str, returns: dict[str, float] | float | None = None, **changed: Any) -> Forecast:
    """Return a forecast of 1 % at 99 %, made at `as_of` (`01-05T21` is an hour of January 2026) in that very hour.

    Args:
        as_of: month, day and hour.
        returns: the last cross-section: by id, the portfolio's own, or none.
        changed: fields that differ; `dated` dates the returns, `value_at_risk` replaces the 1 %.
    """
    instant = f"2026-{as_of}:00:00.000000Z"
    value_at_risk, dated = changed.pop("value_at_risk", 0.01), changed.pop("dated", None)
    tail = {"method": "parametric_normal", "confidence_bps": 9900, "expected_shortfall": None, "reason": None}
    given: dict[str, Any] = {
        "world_id": "w1",
        "version": f"v{as_of}",
        "content_hash": "sha256:" + "0" * 64,
        "stage": "paper",
        "as_of": instant,
        "created_at": instant,
        "engine_version": "2.0.0",
        "weights": BOOK,
        "tails": [TailForecast.model_validate({**tail, "value_at_risk": value_at_risk})],
        "realized": None if returns is None else cross_section(returns, dated),
    }
    return Forecast.model_validate({**given, **changed})


def cross_section(returns: dict[str, float] | float, dated: str | None) -> CrossSection:
    """Return a cross-section by id, or of the portfolio."""
    if isinstance(returns, dict):
        return CrossSection(date=dated, by_id=returns, portfolio=None)
    return CrossSection(date=dated, by_id=None, portfolio=returns)
