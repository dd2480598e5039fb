"""Every form of a covariance against numpy on the whole matrix, on both sides of the path's limit."""

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.measures.covariance.array_forms import ArrayFactor, ArrayPacked
from functions.measures.covariance.array_sample import ArrayDeviations
from functions.measures.covariance.choose_form import choose_form
from functions.measures.covariance.exact_forms import ExactFactor, ExactPacked
from functions.measures.covariance.form import CovarianceForm
from functions.measures.covariance.sample import ExactDeviations, SampleCovariance, sample_covariance
from functions.measures.covariance.tiled_cholesky import TILE, tiled_verdict
from risk_hub_contracts import blob
from risk_hub_contracts.blob.types import Covariance


def generator(*seed: int) -> np.random.Generator:
    """Return a new generator: numbers from a shared one would depend on which tests ran before."""
    return np.random.default_rng(seed)


def ids(count: int) -> list[str]:
    return [f"A{i:05}" for i in range(count)]


def packed(matrix: Any) -> Covariance:
    count = len(matrix)
    values = np.asarray(matrix)[np.triu_indices(count)].tolist()
    return decoded(blob.encode_covariance(ids(count), values))


def factor(loadings: Any, specific: Any) -> Covariance:
    return decoded(blob.encode_factor(ids(len(specific)), loadings.tolist(), list(specific)))


def decoded(data: bytes) -> Covariance:
    found = blob.decode(data)
    assert isinstance(found, Covariance)
    return found


def random_covariance(count: int, rank: int | None = None) -> Any:
    loadings = generator(count).normal(0, 0.01, (count, rank or count + 5))
    return gram(loadings)


def gram(rows: Any) -> Any:
    """Return `AA'` by einsum's own loops: a large BLAS product crashes with some kernels of some releases."""
    return np.einsum("ik,jk->ij", rows, rows)


def agrees(form: CovarianceForm, matrix: Any) -> None:
    weights = generator(2, len(matrix)).normal(0, 1, len(matrix))
    product = form.product(weights.tolist())
    assert product.variance == pytest.approx(weights @ matrix @ weights, rel=1e-11)
    np.testing.assert_allclose(product.matrix_product(), matrix @ weights, rtol=1e-10, atol=1e-16)
    np.testing.assert_allclose(form.variances(), np.diag(matrix), rtol=1e-12)
    assert {type(each) for each in (*product.matrix_product(), *form.variances(), product.variance)} == {
        float
    }


@pytest.mark.parametrize("count", [1, 2, 20, 200, 201, 300, 1_030])
def test_packed_form_agrees_with_the_full_matrix(count: int) -> None:
    matrix = random_covariance(count)
    form = choose_form(packed(matrix))
    assert isinstance(form, ExactPacked if count <= 200 else ArrayPacked)
    agrees(form, matrix)


@pytest.mark.parametrize("count", [1, 200, 201, 5_003])
def test_factor_form_agrees_with_the_full_matrix_without_expanding_it(count: int) -> None:
    rng = generator(3, count)
    loadings, specific = rng.normal(0, 0.01, (count, 3)), rng.uniform(1e-5, 1e-4, count)
    form = choose_form(factor(loadings, specific))
    assert isinstance(form, ExactFactor if count <= 200 else ArrayFactor)
    if count < 1_000:
        agrees(form, loadings @ loadings.T + np.diag(specific))
        return
    weights = rng.normal(0, 1, count)
    exposures = loadings.T @ weights
    found = form.product(weights.tolist())
    assert found.variance == pytest.approx(exposures @ exposures + specific @ weights**2, rel=1e-11)
    np.testing.assert_allclose(
        found.matrix_product(), loadings @ exposures + specific * weights, rtol=1e-9, atol=1e-16
    )


@pytest.mark.parametrize("count", [3, 200, 201, 300])
def test_the_margin_is_the_least_eigenvalue_over_the_trace(count: int) -> None:
    matrix = random_covariance(count, 3 * count)
    verdict = choose_form(packed(matrix)).verdict()
    least = np.linalg.eigvalsh(matrix)[0] / np.trace(matrix)
    assert verdict.reason is None
    # Inverse iteration converges from above, and is not always finished after its twelve rounds.
    assert verdict.margin == pytest.approx(least, rel=0.15, abs=1e-12)
    assert verdict.margin is not None
    assert verdict.margin >= round(least, 12) - 1e-12


@pytest.mark.parametrize("count", [3, 60, 201])
@pytest.mark.parametrize(
    ("least", "reason"), [(-0.99e-10, None), (-1.01e-10, "covariance_not_psd"), (0.0, None)]
)
def test_the_tolerance_is_a_share_of_the_trace(count: int, least: float, reason: str | None) -> None:
    eigenvalues = np.linspace(1, 2, count)
    eigenvalues[0] = least * eigenvalues[1:].sum() / (1 - least)
    rotation, _ = np.linalg.qr(generator(4, count).normal(size=(count, count)))
    matrix = rotation @ np.diag(eigenvalues) @ rotation.T
    assert choose_form(packed((matrix + matrix.T) / 2)).verdict().reason == reason


@pytest.mark.parametrize("count", [TILE, TILE + 1, TILE + 44])
def test_tiled_verdict_agrees_with_the_eigenvalues(count: int) -> None:
    matrix = random_covariance(count, 3 * count)
    upper = matrix[np.triu_indices(count)]
    good = tiled_verdict(upper, count, float(np.trace(matrix)))
    assert good.reason is None
    assert good.margin == pytest.approx(np.linalg.eigvalsh(matrix)[0] / np.trace(matrix), rel=0.2)
    matrix[-1, -1] = -1e-6
    bad = tiled_verdict(matrix[np.triu_indices(count)], count, float(np.trace(matrix)))
    assert (bad.reason, bad.margin) == ("covariance_not_psd", None)


@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_covariance_with_nan_or_infinity_is_not_finite(count: int, bad: float) -> None:
    upper = random_covariance(count)[np.triu_indices(count)]
    raw = bytearray(blob.encode_covariance(ids(count), upper.tolist()))
    raw[-16:-8] = np.array([bad]).tobytes()
    assert choose_form(decoded(bytes(raw))).verdict().reason == "covariance_not_finite"
    raw = bytearray(blob.encode_factor(ids(count), [[0.1]] * count, [0.1] * count))
    raw[-8:] = np.array([bad]).tobytes()
    assert choose_form(decoded(bytes(raw))).verdict().reason == "covariance_not_finite"


@pytest.mark.parametrize("count", [3, 300])
def test_factor_form_with_a_negative_specific_variance_is_invalid(count: int) -> None:
    specific = [1e-4] * count
    specific[1] = -1e-5
    verdict = choose_form(factor(generator(5, count).normal(0, 0.01, (count, 2)), specific)).verdict()
    assert (verdict.reason, verdict.margin) == ("specific_variance_negative", None)


@pytest.mark.parametrize("count", [3, 300])
def test_specific_variance_tolerance_is_relative_to_its_asset(count: int) -> None:
    """A positive semi-definite matrix is refused too, so the reason states only what was observed."""
    loadings = np.full((count, 1), 1e-6)
    loadings[0] = 1.0
    specific = [1e-4, -0.99e-22, *[1e-12] * (count - 2)]
    assert choose_form(factor(loadings, specific)).verdict().reason is None
    specific[1] = -1.01e-22
    assert choose_form(factor(loadings, specific)).verdict().reason == "specific_variance_negative"


@pytest.mark.parametrize("count", [2, 300])
def test_zero_matrix_is_valid_and_correlation_above_one_is_not_psd(count: int) -> None:
    assert choose_form(packed(np.zeros((count, count)))).verdict().reason is None
    matrix = np.eye(count)
    matrix[0, 1] = matrix[1, 0] = 1.01
    verdict = choose_form(packed(matrix)).verdict()
    assert verdict.reason == "covariance_not_psd"
    assert verdict.margin is not None
    assert verdict.margin < -1e-10
    nothing_but_covariance = np.zeros((count, count))
    nothing_but_covariance[0, 1] = nothing_but_covariance[1, 0] = 1e-6
    assert choose_form(packed(nothing_but_covariance)).verdict().reason == "covariance_not_psd"


@pytest.mark.parametrize("count", [3, 300, 1_100])
@pytest.mark.parametrize("sign", [1, -1])
def test_correlation_above_one_is_detected_next_to_an_asset_that_dominates_the_trace(
    count: int, sign: int
) -> None:
    """The tolerance of the least eigenvalue is a share of the trace; that of a correlation is not."""
    variances = [1.0, *[1e-12] * (count - 1)]
    matrix = np.diag(variances)
    for correlation, reason in ((1.0, None), (1.001, "covariance_not_psd"), (5.0, "covariance_not_psd")):
        matrix[1, 2] = matrix[2, 1] = sign * correlation * 1e-12
        assert choose_form(packed(matrix)).verdict().reason == reason
    matrix[1, 2] = matrix[2, 1] = 0.0
    matrix[0, 2] = matrix[2, 0] = sign * 1.01e-6
    verdict = choose_form(packed(matrix)).verdict()
    assert (verdict.reason, verdict.margin) == ("covariance_not_psd", None)


@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e-90, 1e60, 1e126, 1e200, 1e308])
@pytest.mark.parametrize("layout", ["upper", "factor"])
def test_verdict_handles_every_magnitude_of_numbers(count: int, size: float, layout: str) -> None:
    covariance = (
        decoded(blob.encode_factor(ids(count), [[size, -size]] * count, [size] * count))
        if layout == "factor"
        else packed(np.eye(count) * size)
    )
    form = choose_form(covariance)
    verdict = form.verdict()
    square = size * size if layout == "factor" else 0.0
    assert verdict.reason == ("covariance_out_of_range" if max(size, square) > 1e126 else None)
    assert verdict.margin is None or abs(verdict.margin) <= 1
    if verdict.reason is None:
        assert form.product([1e6] * count).variance < float("inf")


@given(st.integers(2, 12), st.randoms(use_true_random=False))
def test_exact_sums_do_not_depend_on_the_order_of_ids(count: int, chance: random.Random) -> None:
    matrix = random_covariance(count)
    weights = generator(chance.randrange(2**32)).normal(0, 1, count)
    order = list(range(count))
    chance.shuffle(order)
    straight = choose_form(packed(matrix)).product(weights.tolist())
    shuffled = choose_form(packed(matrix[np.ix_(order, order)])).product(weights[order].tolist())
    assert [straight.matrix_product()[index] for index in order] == shuffled.matrix_product()
    assert straight.variance == shuffled.variance


def series(count: int, observations: int) -> Any:
    rng = generator(count, observations)
    market = rng.normal(0, 0.01, (observations, 1))
    return market + rng.normal(0, 0.01, (observations, count))


SHAPES = [(1, 20), (3, 29), (3, 250), (20, 199), (20, 200), (60, 30), (201, 100), (201, 2_010)]


@pytest.mark.parametrize(("count", "observations"), SHAPES)
def test_estimate_is_the_sample_covariance_at_any_number_of_observations(
    count: int, observations: int
) -> None:
    returns = series(count, observations)
    centred = (returns - returns.mean(axis=0)).T
    agrees(sample_covariance(returns.T.tolist()), gram(centred) / (observations - 1))


def ledoit_wolf(rows: Any) -> float:
    """Return the shrinkage of centred returns (T, n) towards a scaled identity, as published."""
    observations, count = rows.shape
    empirical = gram(rows.T) / observations
    scale = np.trace(empirical) / count
    errors = [np.linalg.norm(np.outer(row, row) - empirical) ** 2 for row in rows]
    distance = np.linalg.norm(empirical - scale * np.eye(count)) ** 2
    return min(sum(errors) / observations**2 / distance, 1.0) if distance > 1e-20 else 0.0


@pytest.mark.parametrize(("count", "observations"), SHAPES)
def test_attribution_shrinks_correlations_as_ledoit_wolf_and_keeps_variances(
    count: int, observations: int
) -> None:
    returns = series(count, observations) * np.geomspace(1e-4, 1, count)
    estimate = sample_covariance(returns.T.tolist())
    shrunk = estimate.shrunk()
    assert shrunk.shrinkage == pytest.approx(
        ledoit_wolf((returns - returns.mean(axis=0)) / returns.std(axis=0)), rel=1e-8
    )
    assert shrunk.variances() == estimate.variances()
    sample = np.atleast_2d(np.cov(returns, rowvar=False))
    agrees(shrunk, (1 - shrunk.shrinkage) * sample + shrunk.shrinkage * np.diag(np.diag(sample)))
    assert shrunk.verdict().reason is None


@pytest.mark.parametrize("count", [3, 201])
def test_shrinkage_agrees_with_scikit_learn(count: int) -> None:
    covariance = pytest.importorskip("sklearn.covariance")
    returns = series(count, 120)
    standardised = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    _, wanted = covariance.ledoit_wolf(standardised, assume_centered=True)
    assert sample_covariance(returns.T.tolist()).shrunk().shrinkage == pytest.approx(wanted, rel=1e-8)


def test_shrinkage_has_no_step_at_ten_observations_per_asset() -> None:
    returns = series(5, 60)
    found = [sample_covariance(returns[:days].T.tolist()).shrunk().shrinkage for days in range(40, 61)]
    steps = [abs(after - before) for before, after in pairwise(found)]
    assert max(steps) < 0.05
    assert min(found) > 0


@given(st.integers(1, 8), st.integers(20, 40), st.randoms(use_true_random=False), st.floats(1e-3, 1e3))
def test_shrinkage_depends_on_neither_the_order_of_ids_nor_the_unit(
    count: int, observations: int, chance: random.Random, unit: float
) -> None:
    returns = series(count, observations).T.tolist()
    found = sample_covariance(returns).shrunk()
    chance.shuffle(returns)
    assert sample_covariance(returns).shrunk().shrinkage == found.shrinkage
    scaled = sample_covariance([[unit * value for value in values] for values in returns]).shrunk()
    assert scaled.shrinkage == pytest.approx(found.shrinkage, rel=1e-7)


@pytest.mark.parametrize("deviations", [ExactDeviations, ArrayDeviations])
def test_constant_series_has_exactly_zero_variance(deviations: Any) -> None:
    rows = [*series(2, 100).T.tolist(), [0.00011] * 100]
    assert sum(rows[-1]) / 100 != 0.00011
    estimate = SampleCovariance(deviations(rows))
    assert estimate.variances()[-1] == 0.0
    assert estimate.product([0.0, 0.0, 1.0]).variance == 0.0
    assert estimate.shrunk().product([0.0, 0.0, 1.0]).variance == 0.0
    assert estimate.shrunk().shrinkage == pytest.approx(
        SampleCovariance(deviations(rows[:2])).shrunk().shrinkage
    )
    nothing = SampleCovariance(deviations(rows[-1:])).shrunk()
    assert (nothing.shrinkage, nothing.verdict().reason) == (0.0, None)


def test_exact_and_array_paths_give_the_same_estimate() -> None:
    rows = series(30, 25).T.tolist()
    exact, arrays = SampleCovariance(ExactDeviations(rows)), SampleCovariance(ArrayDeviations(rows))
    assert exact.shrunk().shrinkage == pytest.approx(arrays.shrunk().shrinkage, rel=1e-8)
    np.testing.assert_allclose(exact.variances(), arrays.variances(), rtol=1e-12)
