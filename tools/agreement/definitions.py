"""Which library uses which definition of a tail measure: a table of docs/agreement.md."""

from collections.abc import Iterator
from typing import Final

# Library and call, value at risk, expected shortfall. T observations, confidence c, losses from the worst.
DEFINITIONS: Final = (
    (
        "ours, `historical_upper`",
        "order statistic ⌈(1 − c)·T⌉",
        "exact mass: the worst (1 − c)·T losses, the last one in part",
    ),
    ("ours, `historical`", "interpolated, type 7 of Hyndman and Fan", "the same"),
    (
        "riskfolio-lib `VaR_Hist`, `CVaR_Hist`",
        "order statistic ⌈(1 − c)·T⌉",
        "exact mass",
    ),
    (
        "skfolio `value_at_risk`, `cvar`",
        "order statistic ⌊(1 − c)·T⌋ + 1: one milder loss if (1 − c)·T is whole",
        "exact mass",
    ),
    (
        "empyrical `value_at_risk`, `conditional_value_at_risk`",
        "interpolated, type 7",
        "mean of the worst ⌊(1 − c)·(T − 1)⌋ + 1 losses",
    ),
    (
        'quantstats `cvar(method="historical")`',
        "normal quantile with the sample mean (`value_at_risk`)",
        "mean of all losses beyond the type 7 quantile",
    ),
    ("NumPy `quantile`, pandas `quantile`", "interpolated, type 7", ""),
    (
        "Hull, *Options, Futures and Other Derivatives*, ch. 22",
        "the fifth of 500 losses at 99 %: ⌈(1 − c)·T⌉",
        "",
    ),
)


def definitions_table() -> str:
    """Return the table in Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| library | historical value at risk | historical expected shortfall |"
    yield "|---|---|---|"
    for cells in DEFINITIONS:
        yield f"| {' | '.join(cells)} |"
