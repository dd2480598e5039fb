"""Numbers of a strategy that the engine computes from its realised returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import variance

from functions.measures.performance import PERIODS_PER_YEAR, hit_ratio, max_drawdown, sharpe
from functions.measures.sharpe import deflated_sharpe, probabilistic_sharpe

__all__ = ["Trials", "measured_numbers", "trials_of"]

TRIALS_MIN_COUNT = 2


@dataclass(frozen=True, slots=True)
class Trials:
    """The strategies that were tried before one was chosen.

    Attributes:
        count: number of the strategies, at least 2.
        sharpe_variance: variance of their Sharpe ratios, per period.
    """

    count: int
    sharpe_variance: float


def trials_of(returns: Sequence[Sequence[float]]) -> Trials | None:
    """Return the trials that a cohort consists of; None if fewer than two series have a Sharpe ratio.

    Args:
        returns: one-period returns (T,) of each strategy, oldest first.
    """
    ratios = sorted(ratio for each in returns if (ratio := sharpe(each, 1)) is not None)
    return Trials(len(ratios), variance(ratios)) if len(ratios) >= TRIALS_MIN_COUNT else None


def measured_numbers(
    returns: Sequence[float], trials: Trials | None = None, periods_per_year: float = PERIODS_PER_YEAR
) -> dict[str, float]:
    """Return the metrics of one series by path; a metric that cannot be computed is left out.

    Args:
        returns: one-period returns (T,), oldest first.
        trials: needed for the deflated Sharpe ratio; without it, the ratio is left out.
        periods_per_year: 252 for trading days.
    """
    half = len(returns) // 2
    found = {
        "returns.sharpe": sharpe(returns, periods_per_year),
        "returns.max_drawdown": _drawdown(returns),
        "returns.hit_ratio": hit_ratio(returns) if returns else None,
        "sample.observations": float(len(returns)),
        "robustness.probabilistic_sharpe_ratio": probabilistic_sharpe(returns),
        "robustness.deflated_sharpe_ratio": None
        if trials is None
        else deflated_sharpe(returns, trials.count, trials.sharpe_variance),
        "robustness.sharpe_first_half": sharpe(returns[:half], periods_per_year),
        "robustness.sharpe_second_half": sharpe(returns[half:], periods_per_year),
    }
    return {path: value for path, value in found.items() if value is not None}


def _drawdown(returns: Sequence[float]) -> float | None:
    """Return the greatest drawdown, None for returns that have none: below -1, or beyond the range of a float."""
    try:
        return max_drawdown(returns) if returns else None
    except ValueError:
        return None
