"""Returns with missing observations: declared gaps leave their periods out, other NaNs have a reason."""

import struct
from typing import Any

import pytest

from risk_hub_contracts.blob.write import encode_returns
from tests.fakes.evaluated_world import EvaluatedWorld, reasons

SERIES = [(-1) ** day * 0.001 * (day % 7) for day in range(250)]
HOLED: dict[str, list[float | None]] = {"C": [*SERIES[:-1], None], "A": list(SERIES), "B": list(SERIES)}


@pytest.mark.parametrize("threshold", [1, 10_000], ids=["by reference", "inline"])
def test_a_period_with_a_missing_observation_of_a_held_asset_is_left_out(threshold: int) -> None:
    report = EvaluatedWorld(threshold).evaluated(realized_returns=HOLED)
    complete = EvaluatedWorld().evaluated(realized_returns=dict.fromkeys("ABC", SERIES[:-1]))
    assert report.inputs[1].observations == 249
    for found, expected in zip(report.measures, complete.measures, strict=True):
        assert (found.measure, found.value, found.reason) == (
            expected.measure,
            expected.value,
            expected.reason,
        )


def test_missing_observations_of_an_asset_without_weight_change_nothing() -> None:
    held: dict[str, Any] = {"C": SERIES, "A": SERIES, "B": SERIES}
    with_gap = EvaluatedWorld().evaluated(realized_returns={**held, "Z": [None, *SERIES[1:]]})
    plain = EvaluatedWorld().evaluated(realized_returns=held)
    assert with_gap.measures == plain.measures


def test_a_nan_in_a_blob_without_a_count_is_still_not_finite() -> None:
    world = EvaluatedWorld()
    data = encode_returns({"A": SERIES, "B": SERIES, "C": SERIES})[:-8] + struct.pack("<d", float("nan"))
    report = world.evaluated(realized_returns_ref=world.blob("realized_returns", data))
    assert "returns_not_finite" in reasons(report, "historical")


def test_an_infinity_next_to_missing_observations_is_not_finite() -> None:
    world, data = EvaluatedWorld(), encode_returns(HOLED)
    data = data[:-16] + struct.pack("<d", float("inf")) + data[-8:]
    report = world.evaluated(realized_returns_ref=world.blob("realized_returns", data))
    assert "returns_not_finite" in reasons(report, "historical")


def test_a_wrong_count_of_missing_observations_is_a_malformed_blob() -> None:
    world = EvaluatedWorld()
    data = encode_returns(HOLED).replace(b'"missing":1', b'"missing":2')
    report = world.evaluated(realized_returns_ref=world.blob("realized_returns", data))
    assert report.status == "invalid_input"
    assert "blob_malformed" in reasons(report, "historical")
