import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.samples import parse, pointers, refusal, with_fields


def upper(covariance: object, weights: Mapping[str, float]) -> tuple[list[str], list[float]]:
    """The ids and the packed triangle of a normalised covariance."""
    component = parse(with_fields(weights=weights, covariance=covariance)).component("covariance")
    assert component is not None
    document: Any = component.document
    return document["ids"], document["upper"]


AB = {"A": 0.5, "B": 0.5}


@pytest.mark.parametrize(
    "covariance",
    [
        {"A,A": 1, "A,B": 0.5, "B,B": 2},
        {"B,B": 2, "B,A": 0.5, "A,A": 1},
        {"A:A": 1, "A:B": 0.5, "B:B": 2},
        {"A,A": 1, "A:B": 0.5, "B,A": 0.5, "B:B": 2},
        {"ids": ["A", "B"], "matrix": [[1, 0.5], [0.5, 2]]},
        {"ids": ["B", "A"], "matrix": [[2, 0.5], [0.5, 1]]},
        {"ids": ["A", "B"], "upper": [1, 0.5, 2]},
        {"ids": ["B", "A"], "upper": [2, 0.5, 1]},
    ],
)
def test_every_covariance_form_normalises_to_the_upper_triangle_of_sorted_ids(
    covariance: dict[str, Any],
) -> None:
    assert upper(covariance, AB) == (["A", "B"], [1.0, 0.5, 2.0])


def test_ids_are_sorted_by_code_point_not_by_utf_16() -> None:
    weights = {"\U0001f600": 0.5, "\uff21": 0.5}
    found = upper({"ids": ["\U0001f600", "\uff21"], "upper": [2, 0.5, 1]}, weights)
    assert found == (["\uff21", "\U0001f600"], [1.0, 0.5, 2.0])


def test_covariance_ids_without_weights_are_kept() -> None:
    assert upper({"ids": ["A", "B", "C"], "upper": [1, 0, 0, 1, 0, 1]}, AB)[0] == ["A", "B", "C"]
    pairs = {"A,A": 1, "B,B": 1, "C,C": 1, "A,B": 0, "A,C": 0, "B,C": 0}
    assert upper(pairs, AB) == (["A", "B", "C"], [1.0, 0.0, 0.0, 1.0, 0.0, 1.0])


def test_halves_that_differ_by_rounding_are_averaged_in_any_order() -> None:
    near = 0.5 + 2.0**-52
    first = upper({"ids": ["A", "B"], "matrix": [[1, 0.5], [near, 2]]}, AB)
    second = upper({"ids": ["A", "B"], "matrix": [[1, near], [0.5, 2]]}, AB)
    third = upper({"A,A": 1, "B,A": near, "A,B": 0.5, "B,B": 2}, AB)
    assert first == second == third


def test_asymmetry_tolerance_is_relative_to_the_standard_deviations() -> None:
    noise = {"ids": ["A", "B"], "matrix": [[1, 1e-17], [-1e-17, 2]]}
    assert upper(noise, AB)[1] == [1.0, 0.0, 2.0]


def test_zero_variance_asset_is_accepted_only_with_zero_covariances() -> None:
    assert upper({"ids": ["A", "B"], "upper": [0, 0, 1]}, AB)[1] == [0.0, 0.0, 1.0]
    problem = refusal(with_fields(weights=AB, covariance={"ids": ["A", "B"], "upper": [0, 0.1, 1]}))
    assert pointers(problem) == ["/covariance/upper/1"]


def test_correlation_of_minus_one_is_accepted() -> None:
    assert upper({"ids": ["A", "B"], "upper": [4, -2, 1]}, AB)[1] == [4.0, -2.0, 1.0]


def test_non_positive_semi_definite_covariance_is_accepted_by_the_contract() -> None:
    correlations = {"A,A": 1, "B,B": 1, "C,C": 1, "A,B": 0.9, "B,C": 0.9, "A,C": -0.9}
    assert upper(correlations, AB)[0] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("key", "weights"),
    [
        ("NYSE:A:NYSE:A", {"NYSE:A": 1}),
        ("a:b:c", {"a:b": 0.5, "c": 0.5}),
        ("a:b:c", {"a": 0.5, "b:c": 0.5}),
        ("c:a:b", {"a:b": 0.5, "c": 0.5}),
    ],
)
def test_a_key_with_several_colons_is_split_by_the_known_ids(key: str, weights: dict[str, float]) -> None:
    ids = sorted(weights)
    diagonal = {f"{asset},{asset}": 1 for asset in ids if len(ids) > 1}
    assert upper({**diagonal, key: 0.25}, weights)[0] == ids


def test_pair_key_is_split_by_ids_that_other_keys_name() -> None:
    pairs = {"A,A": 1, "x:y,x:y": 1, "A:x:y": 0.5}
    assert upper(pairs, {"A": 1}) == (["A", "x:y"], [1.0, 0.5, 1.0])


@pytest.mark.parametrize("key", ["a:b:c", "x:y:z", "::", ":", ",", "a,", ",a", "a", "", "a,b,c", "a:" * 200])
def test_ambiguous_or_malformed_pair_key_is_rejected(key: str) -> None:
    weights = {"a": 0.25, "b:c": 0.25, "a:b": 0.25, "c": 0.25}
    problem = refusal(with_fields(weights=weights, covariance={key: 1}))
    assert f"/covariance/{key}" in pointers(problem)


def test_many_long_malformed_pair_keys_are_each_reported() -> None:
    hostile = {":" * length: 1 for length in range(300, 900)}
    assert len(refusal(with_fields(covariance=hostile)).violations) == len(hostile)


def test_invalid_asset_id_in_a_pair_key_is_reported_at_that_key() -> None:
    problem = refusal(with_fields(weights={"A": 1}, covariance={"A,A": 1, " B, B": 1, "A, B": 0}))
    assert set(pointers(problem)) == {"/covariance/ B, B", "/covariance/A, B"}


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_covariance_with_a_missing_pair_is_rejected_naming_the_pair(count: int, seed: int) -> None:
    chance = random.Random(seed)
    ids = [f"A{index:02}" for index in range(count)]
    pairs = {f"{ids[i]},{ids[j]}": float(i == j) for i in range(count) for j in range(i, count)}
    weights = dict.fromkeys(ids, 1 / count)
    assert upper(pairs, weights)[0] == ids
    lost = chance.choice(sorted(pairs))
    del pairs[lost]
    if pairs:
        problem = refusal(with_fields(weights=weights, covariance=pairs))
        first, second = lost.split(",")
        details = [violation.detail for violation in problem.violations]
        missing = f"the pair {first!r}, {second!r} is missing"
        assert details in ([missing], [f"does not contain {first!r}, which has a weight"])
