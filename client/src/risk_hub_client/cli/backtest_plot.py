"""Plot of a back-test: each day's return and the loss forecast for it. Needs the extra `plot`."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PLOT_SUFFIXES", "plot_backtest"]

PLOT_SUFFIXES: Final = (".png", ".svg")
_INCHES: Final = (10, 4.5)
_DOTS_PER_INCH: Final = 150


def plot_backtest(report: dict[str, Any], file: Path) -> None:
    """Draw a `BacktestReport` with at least one day into an SVG or PNG file, by its ending.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    from matplotlib import rc_context  # noqa: PLC0415 - a separate extra, and slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    # The same report gives the same bytes: no date, no random ids, letters as text.
    with rc_context({"svg.hashsalt": "risk-hub", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
        _draw(figure.add_subplot(), report)
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def _draw(axes: "Axes", report: dict[str, Any]) -> None:
    days = report["days"]
    dates = [date.fromisoformat(day["realized_date"]) for day in days]
    returns = [100 * day["realized_return"] for day in days]
    level = f"{report['confidence_bps'] / 100:g} %"
    axes.vlines(dates, 0, returns, color="#9aa5b1", linewidth=0.8, label="realised return of the book")
    axes.step(
        dates,
        [-100 * day["value_at_risk"] for day in days],
        where="mid",
        color="#1f4e79",
        linewidth=1.2,
        label=f"−VaR {level}, forecast the day before",
    )
    exceeded = [
        (when, value) for when, value, day in zip(dates, returns, days, strict=True) if day["exceeded"]
    ]
    axes.plot(
        [when for when, _ in exceeded],
        [value for _, value in exceeded],
        "o",
        color="#c0392b",
        markersize=4,
        label=f"exceedance ({len(exceeded)} of {len(days)}, {report['expected_exceedances']:.1f} expected)",
    )
    axes.axhline(0, color="#555555", linewidth=0.5)
    axes.set_ylabel("% of portfolio value")
    axes.set_title(f"{report['world_id']}: {report['method']} VaR {level}, {dates[0]} to {dates[-1]}")
