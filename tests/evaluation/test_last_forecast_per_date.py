"""Selection of the forecasts of a period."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.backtest.last_forecasts import KEYS_PER_READ, last_forecast_of_each_date
from functions.evaluation.forecast_key import as_of_in_key, forecast_id
from risk_hub_contracts.base.times import format_instant
from tests.evaluation.backtest_samples import forecast

START = datetime(2026, 1, 5, tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)
HOUR = timedelta(hours=1)


class Keys:
    """Keys of forecasts made at these instants, and the number of queries for them."""

    def __init__(self, instants: Sequence[datetime]) -> None:
        template = forecast("01-05T00")
        made = [template.model_copy(update={"as_of": format_instant(each)}) for each in instants]
        self.oldest_first = sorted(map(forecast_id, made))
        self.instants = [as_of_in_key(key) for key in self.oldest_first]
        self.requested: Counter[str] = Counter()

    def __call__(self, end: datetime, limit: int) -> Sequence[str]:
        known = bisect_right(self.instants, end)
        found = self.oldest_first[max(0, known - limit) : known][::-1]
        self.requested.update(reads=1, keys=len(found))
        return found

    def last(self) -> list[str]:
        """Return the last of each date, newest first, found by scanning all."""
        return sorted({as_of_in_key(key).date(): key for key in self.oldest_first}.values(), reverse=True)


@given(st.lists(st.integers(0, 30 * 24), unique=True))
def test_last_forecast_of_each_date_is_found(hours: list[int]) -> None:
    keys = Keys([START + hour * HOUR for hour in hours])
    found = [key for page in last_forecast_of_each_date(keys, END) for key in page]
    assert found == keys.last()
    assert keys.requested["reads"] <= len(found) + 1
    assert keys.requested["keys"] <= 2 * len(found)


@pytest.mark.parametrize(("every_hours", "reads", "keys"), [(24, 9, 250), (6, 251, 375), (1, 251, 375)])
def test_reads_for_250_days_depend_on_the_publishing_frequency(
    every_hours: int, reads: int, keys: int
) -> None:
    given = Keys([START + hour * HOUR for hour in range(0, 250 * 24, every_hours)])
    assert sum(map(len, last_forecast_of_each_date(given, END))) == 250
    assert (given.requested["reads"], given.requested["keys"]) == (reads, keys)


def test_each_read_asks_for_at_most_one_page() -> None:
    limits: list[int] = []
    keys = Keys([START + day * 24 * HOUR for day in range(400)])

    def watched(end: datetime, limit: int) -> Sequence[str]:
        limits.append(limit)
        return keys(end, limit)

    assert sum(map(len, last_forecast_of_each_date(watched, END))) == 400
    assert max(limits) == KEYS_PER_READ
