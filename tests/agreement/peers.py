"""Every claim of every peer; runs only in the environment `.peers`."""

import warnings
from importlib.metadata import version

from tests.agreement.book import Book
from tests.agreement.peer_result import Claim
from tests.agreement.optimisers import riskfolio_claims, skfolio_claims
from tests.agreement.series_statistics import empyrical_claims, quantstats_claims, vartests_claims

DISTRIBUTIONS = ("skfolio", "riskfolio-lib", "quantstats", "empyrical-reloaded", "vartests")
CLAIMS = (skfolio_claims, riskfolio_claims, quantstats_claims, empyrical_claims, vartests_claims)


def claims(book: Book) -> list[Claim]:
    """Return every claim; warnings of peers are ignored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [claim for peer in CLAIMS for claim in peer(book)]


def versions() -> dict[str, str]:
    """Return the peers' versions."""
    return {name: version(name) for name in DISTRIBUTIONS}
