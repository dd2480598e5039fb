"""Units in reports over HTTP: every number of a report is named in its `units` (C14)."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.evaluation.derived_record import ReportKind
from tests.fakes.hub import Hub

RETURNS = [0.01 * ((7 * day) % 11 - 5) / 5 for day in range(120)]
BOOK: dict[str, Any] = {
    "weights": {"A": 0.6, "B": 0.4},
    "realized_returns": {"A": [None, *RETURNS[1:]], "B": RETURNS[::-1]},
    "covariance": {"ids": ["A", "B"], "upper": [1e-4, 0.0, 1e-4]},
    "portfolio_returns": {"returns": RETURNS},
    "stress": {"crash": {"shocks": {"A": -0.3}, "default": -0.1, "margin_call": 0.2}},
}
BY_KEY = {"evidence"}


def numbers(value: Any, section: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield section and name of each number."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, name, name if name in BY_KEY else key)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner, section, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield section, name


@pytest.mark.parametrize("kind", ["risk", "stress"])
def test_every_number_of_a_report_is_in_its_units(hub: Hub, kind: ReportKind) -> None:
    hub.publish(**BOOK)
    report = hub.get_report(kind)
    units = report["units"]
    found = set(numbers({name: value for name, value in report.items() if name != "receipt"}, "", ""))
    assert found
    missing = {
        (section, name) for section, name in found if name not in units and f"{section}/{name}" not in units
    }
    assert missing == set()
    assert units["coverage"] == "share_of_1"
    losses = "value_at_risk" if kind == "risk" else "losses/value"
    assert units[losses] == "fraction_of_portfolio_value"
