"""Keys of a world's forecasts: ordered by stage, then by time (INV-03)."""

from datetime import datetime

from functions.hub.domain.ordering import BEFORE_ALL, last_key_at, time_order
from functions.hub.domain.ordering import SEPARATOR as ORDER_SEPARATOR
from risk_hub_contracts.base.times import format_instant, parse_instant
from risk_hub_contracts.reports.forecast import Forecast

FORECAST = "forecast"
SEPARATOR = "/"


def forecast_id(forecast: Forecast) -> str:
    """Return the forecast's key within its world: `forecast/<stage>/<as_of>|<created_at>|<version>`."""
    order = time_order(parse_instant(forecast.as_of), parse_instant(forecast.created_at), forecast.version)
    return _key_in_stage(forecast.stage, order)


def as_of_in_key(key: str) -> datetime:
    """Return the `as_of` in a forecast's key."""
    return parse_instant(key.split(SEPARATOR, 2)[2].partition(ORDER_SEPARATOR)[0])


def version_of(key: str) -> str:
    """Return the snapshot's version in a forecast's key."""
    return key.rpartition(ORDER_SEPARATOR)[2]


def forecast_bounds(stage: str, start: datetime, end: datetime) -> tuple[str, str]:
    """Return the least and the greatest forecast key of a stage from `start` to `end`, both inclusive."""
    return _key_in_stage(stage, format_instant(start) + BEFORE_ALL), _key_in_stage(stage, last_key_at(end))


def _key_in_stage(stage: str, order: str) -> str:
    return SEPARATOR.join((FORECAST, stage, order))
