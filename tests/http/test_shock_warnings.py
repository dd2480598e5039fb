"""Warnings about shocks over HTTP: ids that the book does not hold, and losses beyond a whole value (C12)."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.stress.shock_warnings import is_misspelling, shock_warnings
from functions.measures.stress import stress_loss
from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub, book, post
from tests.http.report_facts import codes, one_warning

BOOK: dict[str, Any] = {"weights": {"AAPL": 0.6, "MSFT": 0.4}}


def test_misspelt_id_hidden_by_the_default_is_named(hub: Hub) -> None:
    stress = {"crash": {"shocks": {"APPL": -0.5, "MSFT": -0.3}, "default": -0.05}}
    report = hub.stress(**BOOK, stress=stress)
    found = one_warning(report, "shocks_unused")
    assert (found["subject"], found["evidence"]["misspelt"]) == ("crash", "APPL for AAPL")
    assert (found["evidence"]["unused"], found["evidence"]["without_own_shock"]) == ("APPL", "AAPL")
    assert found["makes_insufficient"] is False
    assert report["losses"][0]["value"] == pytest.approx(0.6 * 0.05 + 0.4 * 0.3)


def test_shocks_of_other_assets_are_named_if_a_held_asset_has_none(hub: Hub) -> None:
    stress = {"crash": {"shocks": {"XOM": -0.5, "MSFT": -0.3}, "default": -0.05}}
    found = one_warning(hub.stress(**BOOK, stress=stress), "shocks_unused")
    assert "misspelt" not in found["evidence"]
    assert found["subject"] == "crash"


def test_shocks_of_a_larger_universe_are_one_warning_for_all_scenarios(hub: Hub) -> None:
    shocks = dict.fromkeys(("AAPL", "MSFT", "XOM", "GE"), -0.1)
    stress = {"one": {"shocks": shocks}, "two": {"shocks": shocks, "default": -0.2}}
    found = one_warning(hub.stress(**BOOK, stress=stress), "shocks_unused")
    assert (found["subject"], found["evidence"]) == (
        None,
        {"scenarios": 2.0, "unused": "GE, XOM", "unused_count": 2.0},
    )


def test_scenarios_that_fit_the_book_have_no_warning(hub: Hub) -> None:
    stress = {
        "a": {"shocks": {"AAPL": -0.1, "MSFT": 0.1}},
        "b": {"shocks": {}, "default": -0.1},
        "c": {"loss": 0.9},
    }
    assert codes(hub.stress(**BOOK, stress=stress)) == []


def test_shock_below_minus_one_is_refused_unless_the_asset_is_flagged(api: Gateway, hub: Hub) -> None:
    stress = {"crash": {"shocks": {"AAPL": -30.0, "MSFT": -0.1}}}
    assert post(api, book(**BOOK, stress=stress)).status == 422
    flagged = {"unlimited_loss": ["AAPL"]}
    report = hub.stress(**BOOK, stress=stress, portfolio=flagged)
    assert (codes(report), report["losses"][0]["value"]) == ([], pytest.approx(18.04))


def test_stored_shock_below_minus_one_gives_no_loss_and_a_warning() -> None:
    """A snapshot that an earlier release accepted."""
    scenario: dict[str, Any] = {"shocks": {"AAPL": -30.0}, "default": -0.1}
    loss = stress_loss("crash", scenario, BOOK["weights"])
    assert (loss.value, loss.reason, loss.uncovered_count) == (None, "shocks_do_not_cover_weights", 1)
    assert loss.covered_value == pytest.approx(0.04)
    (found,) = shock_warnings({"crash": scenario}, BOOK["weights"], ())
    assert (found.code, found.subject) == ("shock_below_minus_one", "crash")
    assert found.evidence["assets"] == "AAPL"
    assert shock_warnings({"crash": scenario}, BOOK["weights"], {"AAPL"}) == []


@pytest.mark.parametrize(
    ("given_id", "held", "misspelt"),
    [
        ("APPL", "AAPL", True),
        ("aapl", "AAPL", True),
        ("BRK.B", "BRK/B", True),
        ("MSTF", "MSFT", True),
        ("MSFTX", "MSFT", True),
        ("GOOG", "GOOGL", True),
        ("KO", "GE", False),
        ("XOM", "AAPL", False),
        ("AAPL", "PLAA", False),
    ],
)
def test_misspelling_is_case_separators_or_one_edit(given_id: str, held: str, *, misspelt: bool) -> None:
    assert is_misspelling(given_id, held) is misspelt
    assert is_misspelling(held, given_id) is misspelt


@given(st.text("ABCD", min_size=4, max_size=8), st.integers(0, 7), st.sampled_from("XYZ"))
def test_every_single_edit_is_a_misspelling(text: str, place: int, letter: str) -> None:
    at = place % len(text)
    assert is_misspelling(text[:at] + letter + text[at:], text)
    assert is_misspelling(text[:at] + letter + text[at + 1 :], text)
    assert is_misspelling(text[:at] + text[at + 1 :], text)


@given(st.dictionaries(st.sampled_from("ABCDEFG"), st.floats(-1, 1), min_size=1))
def test_order_of_ids_and_scenarios_changes_no_warning(shocks: dict[str, float]) -> None:
    weights = {"A": 0.5, "B": 0.3, "C": 0.2}
    scenarios: dict[str, dict[str, Any]] = {
        "s": {"shocks": shocks},
        "t": {"shocks": dict(reversed(shocks.items())), "default": 0.1},
    }
    wanted = shock_warnings(scenarios, weights, ())
    for order in permutations(weights):
        turned = dict(reversed(scenarios.items()))
        assert shock_warnings(turned, {asset: weights[asset] for asset in order}, ()) == wanted


def test_a_scenario_without_meaning_is_named_before_twenty_others(hub: Hub) -> None:
    stress: dict[str, Any] = {
        f"s{place:02}": {"shocks": {"XOM": -0.5}, "default": -0.1} for place in range(25)
    }
    stress["z"] = {"shocks": {"aapl": -0.9}, "default": 0.0}
    report = hub.stress(**BOOK, stress=stress)
    found = [each for each in report["warnings"] if each["code"] == "shocks_unused"]
    assert (len(found), found[0]["subject"], found[0]["makes_insufficient"]) == (20, "z", True)


@pytest.mark.parametrize(
    "shocks", [{"shocks": {"QQQ": -0.9}, "default": 0.0}, {"shocks": {"AAPL": 0.0, "MSFT": 0.0}}]
)
def test_scenarios_that_do_not_concern_the_book_are_a_caution(hub: Hub, shocks: dict[str, Any]) -> None:
    found = one_warning(hub.stress(**BOOK, stress={"crash": shocks}), "no_scenario_loses")
    assert (found["makes_insufficient"], found["evidence"]["worst_loss"]) == (False, 0.0)
