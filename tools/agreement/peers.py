"""Results of every peer library; runs only in the environment `.peers`."""

import warnings
from importlib.metadata import version

from tools.agreement.book import Book
from tools.agreement.optimisers import riskfolio_results, skfolio_results
from tools.agreement.peer_result import PeerResult
from tools.agreement.repairs import repair_results
from tools.agreement.scientific import numpy_results, scipy_results
from tools.agreement.series_statistics import empyrical_results, quantstats_results, vartests_results

DISTRIBUTIONS = (
    "skfolio",
    "riskfolio-lib",
    "quantstats",
    "empyrical-reloaded",
    "vartests",
    "numpy",
    "scipy",
    "statsmodels",
)
PEERS = (
    skfolio_results,
    riskfolio_results,
    quantstats_results,
    empyrical_results,
    vartests_results,
    numpy_results,
    scipy_results,
    repair_results,
)


def peer_results(book: Book) -> list[PeerResult]:
    """Return the results of every peer; their warnings are ignored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [claim for peer in PEERS for claim in peer(book)]


def versions() -> dict[str, str]:
    """Return the peers' versions."""
    return {name: version(name) for name in DISTRIBUTIONS}
