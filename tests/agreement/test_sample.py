"""The committed sample follows from the committed returns bit for bit, on every processor and Python."""

import json
import random
from math import fsum

import numpy as np
import pytest

from infra.local.sample import SAMPLE_FILE
from infra.local.sample.derive import derive, inverse_volatility_weights, read_returns, upper_covariance
from tools.agreement.book import RETURNS_FILE


def test_committed_sample_equals_the_derived_one_bit_for_bit() -> None:
    assert json.loads(SAMPLE_FILE.read_text(encoding="utf-8")) == derive(RETURNS_FILE)


def test_covariance_and_weights_do_not_depend_on_the_order_of_the_days() -> None:
    _, _, columns = read_returns(RETURNS_FILE)
    order = list(range(len(columns[0])))
    random.Random(5).shuffle(order)
    shuffled = [[column[day] for day in order] for column in columns]
    assert upper_covariance(shuffled) == upper_covariance(columns)
    assert inverse_volatility_weights(shuffled) == inverse_volatility_weights(columns)


def test_the_derived_covariance_agrees_with_numpy_within_its_rounding() -> None:
    """754 products per entry: 1e-12 is far above their rounding and far below any wrong formula."""
    _, ids, columns = read_returns(RETURNS_FILE)
    theirs = np.cov(np.array(columns))[np.triu_indices(len(ids))]
    assert upper_covariance(columns) == pytest.approx(theirs.tolist(), rel=1e-12, abs=0)


def test_the_derived_weights_are_inverse_to_volatility_and_add_up_to_one() -> None:
    _, _, columns = read_returns(RETURNS_FILE)
    weights, inverse = inverse_volatility_weights(columns), 1 / np.array(columns).std(axis=1, ddof=1)
    assert weights == pytest.approx((inverse / inverse.sum()).tolist(), abs=2e-4)
    assert fsum(weights) == pytest.approx(1.0, abs=1e-15)
