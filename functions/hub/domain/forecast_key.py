"""Where a forecast stands among its world's: by stage, then in the one order of time (INV-03)."""

from datetime import datetime

from functions.hub.domain.ordering import BEFORE_ALL, just_after, through, time_order
from risk_hub_contracts.forecast import Forecast
from risk_hub_contracts.times import format_instant, parse_instant

FORECAST = "forecast"
SEPARATOR = "/"


def forecast_id(forecast: Forecast) -> str:
    """Return the forecast's key within its world: `forecast/<stage>/<as_of>|<created_at>|<version>`."""
    order = time_order(parse_instant(forecast.as_of), parse_instant(forecast.created_at), forecast.version)
    return _in_stage(forecast.stage, order)


def forecast_bounds(stage: str, start: datetime, end: datetime, after: str | None) -> tuple[str, str]:
    """Return the least and the greatest key of the forecasts from `start` to `end`, both inclusive.

    Args:
        stage: the snapshots' stage.
        start: first `as_of`.
        end: last `as_of`.
        after: the key behind which to go on; None begins at `start`.
    """
    lower = _in_stage(stage, format_instant(start) + BEFORE_ALL)
    return (lower if after is None else max(lower, just_after(after))), _in_stage(stage, through(end))


def _in_stage(stage: str, order: str) -> str:
    return SEPARATOR.join((FORECAST, stage, order))
