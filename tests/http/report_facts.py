"""Read one number, row or warning of a report document; write a covariance as a producer sends it."""

from typing import Any


def number(report: dict[str, Any], measure: str, method: str, bps: int | None = None) -> Any:
    """Return the value of one measure of a risk report."""
    (found,) = [
        each["value"]
        for each in report["measures"]
        if (each["measure"], each["method"], each["confidence_bps"]) == (measure, method, bps)
    ]
    return found


def volatility(report: dict[str, Any]) -> Any:
    """Return the parametric volatility per period."""
    return number(report, "volatility", "parametric_normal")


def tail(report: dict[str, Any], method: str, bps: int) -> dict[str, Any]:
    """Return one row of a risk report's tail measures."""
    (row,) = [each for each in report["tails"] if (each["method"], each["confidence_bps"]) == (method, bps)]
    return dict(row)


def codes(report: dict[str, Any], *, meaningless: bool | None = None) -> list[str]:
    """Return the codes of the warnings, all or only those with or without the verdict `meaningless`."""
    return [
        each["code"]
        for each in report["warnings"]
        if meaningless is None or each["makes_insufficient"] is meaningless
    ]


def one_warning(report: dict[str, Any], code: str) -> dict[str, Any]:
    """Return the only warning with a code."""
    (found,) = [each for each in report["warnings"] if each["code"] == code]
    assert isinstance(found, dict)
    return found


def upper_covariance(ids: list[str], rows: list[list[float]]) -> dict[str, Any]:
    """Return a covariance as a producer sends it: ids, and the upper triangle by rows."""
    return {"ids": ids, "upper": [value for index, row in enumerate(rows) for value in row[index:]]}
