"""Repair of correlations, against published numbers, numpy and the conditions of the nearest matrix."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.measures.covariance import repair
from functions.measures.covariance.choose_form import choose_form
from functions.measures.covariance.jacobi import eigen
from functions.measures.covariance.repair import Method, Repair, repair_covariance
from risk_hub_contracts import blob
from risk_hub_contracts.blob.types import Covariance

METHODS: list[Method] = ["nearest_correlation", "clip"]


def packed(matrix: Any) -> Covariance:
    count = len(matrix)
    ids = [f"A{index:04}" for index in range(count)]
    decoded = blob.decode(
        blob.encode_covariance(ids, np.asarray(matrix, dtype=float)[np.triu_indices(count)].tolist())
    )
    assert isinstance(decoded, Covariance)
    return decoded


def full(covariance: Covariance) -> Any:
    count = len(covariance.ids)
    matrix = np.zeros((count, count))
    matrix[np.triu_indices(count)] = list(covariance.values)
    return matrix + np.triu(matrix, 1).T


def repaired(matrix: Any, method: Method) -> Repair:
    found = repair_covariance(packed(matrix), method)
    assert found is not None
    return found


def rounded(count: int, observations: int, decimals: int) -> Any:
    """Return rounded correlations of fewer observations than assets: rounding makes them indefinite."""
    rng = np.random.default_rng([count, observations, decimals])
    series = rng.normal(size=(observations, 1)) + rng.normal(size=(observations, count))
    return np.corrcoef(series, rowvar=False).round(decimals)


def test_nearest_correlation_matches_the_example_of_higham_2002() -> None:
    found = repaired([[1, 1, 0], [1, 1, 1], [0, 1, 1]], "nearest_correlation")
    matrix = full(found.covariance)
    assert matrix[0, 1] == pytest.approx(0.7607, abs=5e-5)
    assert matrix[0, 2] == pytest.approx(0.1573, abs=5e-5)
    assert found.frobenius_distance == pytest.approx(0.5278, abs=5e-5)
    assert found.converged


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("decimals", [3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("count", [20, 60, 220])
def test_correlations_rounded_to_3_to_8_decimals_are_repaired(
    count: int, decimals: int, method: Method
) -> None:
    correlations = rounded(count, count // 2, decimals)
    deviations = np.geomspace(1e-4, 0.05, count)
    given = correlations * np.outer(deviations, deviations)
    assert choose_form(packed(correlations)).verdict().reason == "covariance_not_psd"
    found = repaired(given, method)
    assert choose_form(found.covariance).verdict().reason is None
    np.testing.assert_array_equal(np.diag(full(found.covariance)), np.diag(full(packed(given))))
    change = full(found.covariance) / np.outer(deviations, deviations) - correlations
    assert found.largest_change == pytest.approx(abs(change).max(), rel=1e-6)
    assert found.frobenius_distance == pytest.approx(np.linalg.norm(change), rel=1e-6)
    assert found.largest_change < 5 * 10.0**-decimals
    assert found.converged


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 8), st.randoms(use_true_random=False))
def test_nearest_correlation_is_nearer_than_clip_and_any_other_correlation_matrix(
    count: int, chance: random.Random
) -> None:
    matrix = np.eye(count)
    for row in range(count):
        for column in range(row):
            matrix[row, column] = matrix[column, row] = chance.uniform(-1, 1)
    nearest, clipped = (repaired(matrix, method) for method in METHODS)
    assert nearest.frobenius_distance <= clipped.frobenius_distance + 1e-6
    found = full(nearest.covariance)
    assert np.linalg.eigvalsh(found)[0] > -1e-9
    np.testing.assert_allclose(np.diag(found), 1.0)
    rng = np.random.default_rng(chance.randrange(2**32))
    other = np.corrcoef(rng.normal(size=(count + 2, count)), rowvar=False)
    if nearest.converged:
        assert float(((matrix - found) * (other - found)).sum()) < 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_a_valid_covariance_is_not_changed_by_a_repair(method: Method) -> None:
    matrix = np.cov(np.random.default_rng(6).normal(size=(50, 6)), rowvar=False)
    found = repaired(matrix, method)
    np.testing.assert_allclose(full(found.covariance), matrix, rtol=1e-12, atol=1e-15)
    assert found.largest_change < 1e-14


@pytest.mark.parametrize("method", METHODS)
def test_variance_that_leaves_correlations_undefined_is_not_repaired(method: Method) -> None:
    assert repair_covariance(packed([[1, 0.5], [0.5, -1]]), method) is None
    assert repair_covariance(packed([[1, 0.5], [0.5, 0]]), method) is None
    found = repaired([[1, 2, 0], [2, 1, 0], [0, 0, 0]], method)
    assert full(found.covariance)[2].tolist() == [0.0, 0.0, 0.0]
    assert choose_form(found.covariance).verdict().reason is None


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_jacobi_rotations_give_the_eigenvalues_of_numpy(count: int) -> None:
    matrix = np.random.default_rng(count).normal(size=(count, count))
    matrix = matrix + matrix.T
    values, vectors = eigen(matrix)
    np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(matrix), atol=1e-12 * count)
    np.testing.assert_allclose((vectors.T * values) @ vectors, matrix, atol=1e-12 * count)
    again, _ = eigen(matrix, vectors)
    np.testing.assert_allclose(np.sort(again), np.sort(values), atol=1e-12 * count)


class BlasError(Exception):
    """A product or a decomposition of matrices was computed by BLAS or LAPACK."""


class WithoutBlas(np.ndarray):
    """An array that refuses products and decompositions of matrices."""

    def __array_ufunc__(self, ufunc: Any, method: Any, *inputs: Any, **options: Any) -> Any:
        if ufunc.signature is not None:
            raise BlasError(ufunc)
        found = getattr(ufunc, method)(*map(plain, inputs), **{k: plain(v) for k, v in options.items()})
        return found.view(WithoutBlas) if isinstance(found, np.ndarray) else found

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function.__name__ in {"dot", "vdot", "inner", "tensordot", "einsum"} or "linalg" in (
            function.__module__
        ):
            raise BlasError(function)
        return super().__array_function__(function, types, arguments, options)


def plain(value: Any) -> Any:
    """Return arrays, also those of an `out=`, as arrays without the refusal."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return value.view(np.ndarray) if isinstance(value, WithoutBlas) else value


def refuse_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every matrix that a repair builds be an array that refuses BLAS."""

    def refusing(build: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **options: build(*arguments, **options).view(WithoutBlas)

    for name in ("zeros", "eye"):
        monkeypatch.setattr(np, name, refusing(getattr(np, name)))


@pytest.mark.parametrize("method", METHODS)
def test_repair_up_to_200_assets_uses_no_product_or_decomposition_of_blas(
    method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their last bits depend on the processor."""
    correlations = rounded(12, 8, 4)
    refuse_blas(monkeypatch)
    assert repaired(correlations, method).largest_change > 0


@pytest.mark.parametrize("method", METHODS)
def test_repair_above_200_assets_uses_blas(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    correlations = rounded(201, 100, 4)
    refuse_blas(monkeypatch)
    with pytest.raises(BlasError):
        repaired(correlations, method)


def test_repair_that_does_not_converge_is_valid_and_reported_as_not_converged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repair, "ITERATIONS_MAX", 2)
    found = repaired([[1, 1, 0], [1, 1, 1], [0, 1, 1]], "nearest_correlation")
    assert (found.iterations, found.converged) == (2, False)
    assert choose_form(found.covariance).verdict().reason is None
