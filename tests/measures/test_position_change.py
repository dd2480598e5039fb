"""Series of a book with and without a position, and standardised series."""

from math import sqrt

import pytest

from functions.measures.position_change import (
    CORRELATION_MIN_OBSERVATIONS,
    has_tail,
    mixed,
    sold_for_cash,
    standardised,
)


def test_sale_for_cash_leaves_the_returns_of_the_other_positions() -> None:
    first, second = [0.01, -0.02, 0.03], [0.02, 0.01, -0.01]
    book = [0.6 * one + 0.4 * two for one, two in zip(first, second, strict=True)]
    assert sold_for_cash(book, 0.4, second) == pytest.approx([0.6 * one for one in first])


def test_mixed_book_is_scaled_down_to_make_room_for_the_candidate() -> None:
    assert mixed([0.01, -0.02], 0.25, [0.05, 0.02]) == pytest.approx([0.02, -0.01])


@pytest.mark.parametrize(("observations", "found"), [(99, False), (200, False), (201, True)])
def test_tail_at_99_percent_needs_three_losses(observations: int, *, found: bool) -> None:
    assert has_tail(observations, 9_900) is found


def test_standardised_series_has_mean_zero_and_sum_of_squares_one() -> None:
    found = standardised([0.01, -0.01] * 10)
    assert found == pytest.approx([1 / sqrt(20), -1 / sqrt(20)] * 10)


@pytest.mark.parametrize("series", [[0.01] * 100, [0.01, -0.01] * ((CORRELATION_MIN_OBSERVATIONS - 1) // 2)])
def test_constant_or_short_series_has_no_correlation(series: list[float]) -> None:
    assert standardised(series) is None
