"""The committed vectors as a page: docs/agreement.md."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tools.agreement.definitions import definitions_table

ROOT: Final = Path(__file__).parents[2]
VECTORS: Final = Path(__file__).with_name("vectors.json")
PAGE: Final = ROOT / "docs" / "agreement.md"
TOLERANCE: Final = 1e-10

WITHOUT_PEER: Final = (
    (
        "incremental VaR, rescaled",
        "the difference of two VaRs of rescaled books",
        "measures/test_risk_measures.py::test_rescaled_incremental_var_is_var_minus_var_of_the_rescaled_rest",
    ),
    (
        "standard error of the expected shortfall",
        "that of the mean excess loss over the tail mass, by NumPy",
        "measures/test_historical.py::test_standard_error_of_expected_shortfall_is_that_of_the_mean_excess",
    ),
    (
        "stress loss of named shocks",
        "the sum, computed by hand",
        "evaluation/test_stress.py::test_the_losses_agree_with_a_computation_by_hand",
    ),
    (
        "Sharpe decay and its standard error",
        "Lo's formula, computed by hand",
        "measures/test_risk_performance.py::test_sharpe_standard_error_matches_lo_2002",
    ),
    (
        "Christoffersen's independence",
        "the likelihood of the Markov chain, computed as a product",
        "measures/test_backtest_statistics.py::test_independence_equals_the_markov_chain_likelihood_ratio",
    ),
    (
        "Christoffersen's conditional coverage",
        "the product of both likelihood ratios",
        "measures/test_backtest_statistics.py::test_conditional_coverage_is_the_product_of_both_ratios",
    ),
    (
        "Basel's traffic light",
        "the Basel table of 1996",
        "measures/test_backtest_statistics.py::test_basel_zones_and_increases_match_the_1996_table",
    ),
)


def difference(ours: Any, theirs: Any) -> float:
    """Return the largest relative difference between two numbers, or between two lists of them position by position."""
    left, right = (value if isinstance(value, list) else [value] for value in (ours, theirs))
    pairs = zip(left, right, strict=True)
    return max(0.0 if a == b else abs(a - b) / max(abs(a), abs(b)) for a, b in pairs)


def page(vectors: dict[str, Any]) -> str:
    """Return the whole page."""
    rows = vectors["rows"]
    equal = sum(row["why"] is None for row in rows)
    peers = ", ".join(f"{name} {version}" for name, version in vectors["peers"].items())
    return f"""# Agreement with other libraries

Written by `make agreement` from the sample's {vectors["days"]} daily returns of
{vectors["assets"]} equities (`infra/local/sample`).
Peers: {peers}.

`R` are the returns of the equities, `w` the weights, `r = Rw` the returns of the book, `z` the normal quantile
at 99 %, and `hits` the exceedances of a rolling forecast (250 days, normal). Losses are positive. The call of a
peer that returns them as negative numbers has a minus sign. Every pair of numbers is committed
(`tools/agreement/vectors.json`), and `make test` computes ours again.

**{equal} of {len(rows)} comparisons are equal to {TOLERANCE:g}**, relative. The second table explains each of the others.

| measure | ours | peer and call | theirs | difference |
|---|---|---|---|---|
{chr(10).join(_row(row) for row in _equal(rows))}

## Where definitions differ

The definitions of the empirical tail, `T` observations at confidence `c`:

{definitions_table()}

Each row below has a reason.

| measure | ours | peer and call | theirs | difference | why |
|---|---|---|---|---|---|
{chr(10).join(f"{_row(row)} {row['why']} |" for row in rows if row["why"])}

## Measures that no peer offers

| measure | compared with | in `tests` |
|---|---|---|
{chr(10).join(f"| {measure} | {held} | `{file}` |" for measure, held, file in WITHOUT_PEER)}
"""


def _equal(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (row for row in rows if row["why"] is None)


def _row(row: dict[str, Any]) -> str:
    relative_difference = difference(row["ours"], row["theirs"])
    shown = (
        "0"
        if relative_difference == 0
        else f"{relative_difference:.1e}"
        if relative_difference < 1e-3
        else f"{relative_difference:.1%}"
    )
    call = row["call"].replace("|", "\\|")
    return (
        f"| {row['measure']} | {_format_value(row['ours'])} | {row['peer']}: `{call}` | {_format_value(row['theirs'])} "
        f"| {shown} |"
    )


def _format_value(value: Any) -> str:
    """Format a number with ten digits; of a list, format the first number."""
    return f"{value[0]:.10g}, …" if isinstance(value, list) else f"{value:.10g}"
