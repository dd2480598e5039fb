"""Quantiles and standard errors of NumPy and SciPy. Runs only in the environment `.peers`."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import mstats

from tools.agreement.book import WHOLE_DAYS, Book
from tools.agreement.hub_results import CONFIDENCES_BPS, percent
from tools.agreement.peer_result import PeerResult

MARITZ_JARRETT = (
    "The peer weights all order statistics (Maritz, Jarrett 1978). "
    "Ours is half the distance of two of them, one binomial deviation around the rank (Woodruff 1952)."
)


def numpy_results(book: Book) -> Iterator[PeerResult]:
    """Quantiles: the order statistic, and the interpolated default."""
    peer = "numpy"
    for bps in CONFIDENCES_BPS:
        name, tail = percent(bps), (10_000 - bps) / 10_000
        upper = -float(np.quantile(book.returns, tail, method="inverted_cdf"))
        call = f'−quantile(r, {tail}, method="inverted_cdf")'
        yield PeerResult(f"upper historical VaR {name}", peer, call, upper)
        interpolated = -float(np.quantile(book.returns, tail))
        yield PeerResult(f"historical VaR {name}", peer, f"−quantile(r, {tail})", interpolated)
    whole = -float(np.quantile(book.last(WHOLE_DAYS).returns, 0.05, method="inverted_cdf"))
    call = '−quantile(r, 0.05, method="inverted_cdf")'
    yield PeerResult(f"upper historical VaR 95 %, last {WHOLE_DAYS} days", peer, call, whole)


def scipy_results(book: Book) -> Iterator[PeerResult]:
    """Standard errors of quantiles."""
    for bps in CONFIDENCES_BPS:
        tail = (10_000 - bps) / 10_000
        error = float(mstats.mjci(np.array(book.returns), prob=[tail])[0])
        yield PeerResult(
            f"standard error of the upper historical VaR {percent(bps)}",
            "scipy",
            f"mstats.mjci(r, prob={tail})",
            error,
            MARITZ_JARRETT,
        )
