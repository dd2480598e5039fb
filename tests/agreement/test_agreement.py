"""Our numbers today against the committed numbers of the peers; the peers themselves are not needed."""

import hashlib
import importlib
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from functions.measures import attribution, backtest, historical, sharpe, stress
from functions.measures.backtest import LikelihoodRatio
from tools.agreement.book import RETURNS_FILE, sample_book
from tools.agreement.hub_results import hub_results
from tools.agreement.page import PAGE, TOLERANCE, VECTORS, WITHOUT_PEER, difference, page

COMMITTED: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = COMMITTED["rows"]
# The C library's logarithm may differ in its last digit from one platform to the next; a likelihood ratio magnifies that.
OWN_TOLERANCE = 1e-11


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    return hub_results(sample_book())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['measure']}: {row['peer']}")
def test_hub_and_peer_agree_to_ten_digits_or_the_reason_is_recorded(
    own: dict[str, Any], row: dict[str, Any]
) -> None:
    assert difference(own[row["measure"]], row["ours"]) < OWN_TOLERANCE
    apart = difference(own[row["measure"]], row["theirs"])
    assert apart > TOLERANCE if row["why"] else apart <= TOLERANCE


def test_every_compared_measure_and_listed_peer_has_a_row(own: dict[str, Any]) -> None:
    assert {row["measure"] for row in ROWS} == set(own)
    assert {row["peer"] for row in ROWS} == set(COMMITTED["peers"])


def test_agreement_page_is_generated_from_the_vectors() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(COMMITTED)


def test_the_vectors_name_the_digest_of_the_committed_returns() -> None:
    assert hashlib.sha256(RETURNS_FILE.read_bytes()).hexdigest() == COMMITTED["returns_sha256"]


def wrong_ratio(found: LikelihoodRatio | None) -> LikelihoodRatio | None:
    return None if found is None else LikelihoodRatio(found.statistic + 1e-3, found.degrees_of_freedom)


# Our function for each measure without a peer, and the check that rejects a wrong answer.
WRONG: dict[str, tuple[ModuleType, str, Callable[[Any], Any]]] = {
    "incremental VaR, rescaled": (
        attribution,
        "incremental_var_rescaled",
        lambda values: [value * 1.001 for value in values],
    ),
    "standard error of the expected shortfall": (
        historical,
        "historical_es_standard_error",
        lambda error: error * 1.001,
    ),
    "stress loss of named shocks": (
        stress,
        "stress_loss",
        lambda loss: loss.model_copy(update={"value": (loss.value or 0.0) + 1e-6}),
    ),
    "Sharpe decay and its standard error": (sharpe, "sharpe_standard_error", lambda error: error * 1.01),
    "Christoffersen's independence": (backtest, "independence", wrong_ratio),
    "Christoffersen's conditional coverage": (backtest, "conditional_coverage", wrong_ratio),
    "Basel's traffic light": (backtest, "basel_zone", lambda zone: "yellow" if zone == "green" else zone),
}


@pytest.mark.parametrize(("measure", "test"), [(measure, test) for measure, _, test in WITHOUT_PEER])
def test_named_test_of_a_measure_without_a_peer_fails_on_a_wrong_number(
    measure: str, test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _, name = test.partition("::")
    named = getattr(importlib.import_module(f"tests.{file.removesuffix('.py').replace('/', '.')}"), name)
    cases = [mark.args for mark in getattr(named, "pytestmark", []) if mark.name == "parametrize"]
    first = dict(zip(cases[0][0], cases[0][1][0], strict=True)) if cases else {}
    named(**first)
    module, function, spoil = WRONG[measure]
    ours_right = getattr(module, function)
    monkeypatch.setattr(module, function, lambda *given, **named: spoil(ours_right(*given, **named)))
    with pytest.raises(AssertionError):
        named(**first)
