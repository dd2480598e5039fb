"""Repairs of a matrix of correlations by skfolio and statsmodels. Runs only in the environment `.peers`."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from skfolio.utils.stats import cov_nearest
from statsmodels.stats.correlation_tools import corr_clipped, corr_nearest

from tools.agreement.book import REPAIRED_DAYS, Book, deviations, rounded_correlations
from tools.agreement.hub_results import REPAIRS
from tools.agreement.peer_result import PeerResult

NEAREST, CLIPPED = (f"{name}, last {REPAIRED_DAYS} days" for name in REPAIRS.values())
CALLS = "sqrt((wσ)' {} (wσ))"
ITERATIONS_MAX = 10_000


def repair_results(book: Book) -> Iterator[PeerResult]:
    """Volatility by each library's repair of the same correlations `C`."""
    short = book.last(REPAIRED_DAYS)
    given = np.array(rounded_correlations(short))
    scaled = np.array(short.weights) * np.array(deviations(short))

    def sigma(repaired: NDArray[np.float64]) -> float:
        return float(np.sqrt(scaled @ repaired @ scaled))

    higham = cov_nearest(given, higham=True, higham_max_iteration=ITERATIONS_MAX)
    yield PeerResult(NEAREST, "skfolio", CALLS.format("cov_nearest(C, higham=True)"), sigma(higham))
    nearest = corr_nearest(given, threshold=1e-15, n_fact=ITERATIONS_MAX)
    yield PeerResult(NEAREST, "statsmodels", CALLS.format("corr_nearest(C, threshold=1e-15)"), sigma(nearest))
    yield PeerResult(CLIPPED, "skfolio", CALLS.format("cov_nearest(C)"), sigma(cov_nearest(given)))
    clipped = corr_clipped(given, threshold=0)
    yield PeerResult(CLIPPED, "statsmodels", CALLS.format("corr_clipped(C, threshold=0)"), sigma(clipped))
