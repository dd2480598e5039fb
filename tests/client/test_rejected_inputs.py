"""Inputs that the hub would reject only during computation, or that pandas or NumPy would change silently."""

import tracemalloc
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from risk_hub_client import FactorModel, InvalidSnapshotError, RiskHubClient
from risk_hub_client.blobs import Blob
from risk_hub_client.checks import blob_violations
from risk_hub_client.returns import convert_returns
from risk_hub_contracts.blob.write import encode_covariance, encode_factor, encode_returns, encode_stress
from tests.client.conftest import BOOK, WORLD
from tests.client.server import Server

IDS = ["A", "B"]
WEIGHTS = {"A": 0.5, "B": 0.5}
GOOD = [0.04, 0.01, 0.09]
MANY = [f"N{number:02}" for number in range(12)]
MANY_WEIGHTS = dict.fromkeys(MANY, 1 / 12)
DIAGONAL = np.eye(12) * 1e-4
LOADINGS, SPECIFIC = np.array([[0.1], [0.2]]), np.array([0.01, 0.02])
SERIES = {"A": [0.1, 0.2], "B": [0.1, 0.2]}
FRAME = pd.DataFrame(SERIES)


def published(client: RiskHubClient, **fields: Any) -> str:
    return client.publish(WORLD, **BOOK | {"version": "v", "weights": WEIGHTS, **fields}).outcome


def with_numbers(blob: bytes, *numbers: float) -> bytes:
    """Return the blob with different last numbers, which no encoder would write."""
    return blob[: -8 * len(numbers)] + np.array(numbers, "<f8").tobytes()


def on(dates: list[str]) -> pd.DataFrame:
    return FRAME.set_axis(pd.to_datetime(dates))


class Text:
    """A label that is neither text nor a number."""


COVARIANCE = encode_covariance(IDS, GOOD)
FACTOR = encode_factor(IDS, LOADINGS.tolist(), SPECIFIC.tolist())
RETURNS = encode_returns(SERIES)
BLOBS = [
    ("covariance", encode_covariance(["X", "Y"], GOOD), "does not contain 'A'"),
    ("covariance", encode_covariance(IDS, [-0.04, 0.0, 0.09]), "variance of 'A' must not be negative"),
    (
        "covariance",
        encode_covariance(IDS, [0.04, 0.07, 0.09]),
        "row of 'A' has a correlation that is not between -1 and 1",
    ),
    (
        "covariance",
        encode_covariance(IDS, [0.0, 0.01, 0.09]),
        "row of 'A' has a correlation that is not between -1 and 1",
    ),
    ("covariance", with_numbers(COVARIANCE, float("nan")), "row of 'B'.*finite"),
    ("covariance", with_numbers(COVARIANCE, float("inf"), 0.09), "row of 'A'.*finite"),
    ("covariance", encode_covariance(IDS, [0.04, 1e200, 0.09]), "row of 'A'.*1e\\+126"),
    ("covariance", COVARIANCE[:-8], "16 bytes after the first line do not match"),
    ("covariance", with_numbers(FACTOR, 0.01, -0.02), "specific variance of 'B' must not be negative"),
    ("covariance", with_numbers(FACTOR, 0.01, float("nan")), "specific variances.*finite"),
    ("covariance", encode_factor(IDS, [[0.1], [1e200]], [0.1, 0.1]), "row of 'B'.*1e\\+126"),
    ("realized_returns", with_numbers(RETURNS, 1e300), "series of 'B'.*1e\\+06"),
    ("realized_returns", with_numbers(encode_returns([0.1]), float("nan")), "series.*finite"),
    ("realized_returns", encode_returns(SERIES, ["2026-01-02", "soon"]), "row 1: dates_malformed: 'soon'"),
    (
        "realized_returns",
        encode_returns(SERIES, ["2026-01-02", "2026-01-02T21:00:00Z"]),
        "row 1: dates_repeated: .* has the UTC date 2026-01-02 of entry 0",
    ),
    ("stress", encode_stress({"crash": {"loss": "text"}}), "/stress/crash/loss"),
    ("stress", encode_stress({"crash": {"shocks": {"a,b": 0.1}}}), "comma"),
]


@pytest.mark.parametrize("form", ["bytes", "file"])
@pytest.mark.parametrize(("kind", "blob", "reason"), BLOBS, ids=[reason for *_, reason in BLOBS])
def test_invalid_blob_content_is_rejected_from_bytes_and_files(  # noqa: PLR0913, PLR0917 - two ways of the same
    client: RiskHubClient, server: Server, tmp_path: Path, kind: str, blob: bytes, reason: str, form: str
) -> None:
    file = tmp_path / "given.rsh1"
    file.write_bytes(blob)
    with pytest.raises(InvalidSnapshotError, match=reason):
        published(client, **{kind: file if form == "file" else blob})
    assert [seen.path for seen in server.seen] == ["/risk-hub/contract"]


def test_blob_file_truncated_after_opening_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "given.rsh1"
    file.write_bytes(COVARIANCE)
    blob = Blob.of_file(file)
    file.write_bytes(COVARIANCE[:-8])
    with pytest.raises(ValueError, match="ends before"):
        list(blob_violations(blob, IDS))


def test_large_blob_file_is_validated_within_the_memory_bound(tmp_path: Path) -> None:
    file, ids = tmp_path / "given.rsh1", [f"N{number:04}" for number in range(1200)]
    upper = array("d", [1e-5]) * (1200 * 1201 // 2)
    for row in range(1200):
        upper[row * 1200 - row * (row - 1) // 2] = 4e-4
    size_bytes = file.write_bytes(encode_covariance(ids, upper))
    tracemalloc.start()
    assert list(blob_violations(Blob.of_file(file), ids)) == []
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1.5 * size_bytes


FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"covariance": FactorModel(IDS, [[0.1], [0.2]], [-1.0, 0.1])}, "must not be negative"),
    ({"covariance": FactorModel(IDS, [[1e300], [0.2]], [1.0, 0.1])}, "1e\\+126"),
    ({"covariance": FactorModel(IDS, [0.1, 0.2], [1.0, 0.1])}, "rows of"),
    ({"covariance": FactorModel(IDS, LOADINGS * 1j, SPECIFIC)}, "real numbers"),
    ({"covariance": FactorModel(IDS, LOADINGS.astype(str), SPECIFIC)}, "real numbers"),
    ({"covariance": FactorModel(IDS, LOADINGS, SPECIFIC > 0)}, "real numbers"),
    ({"covariance": FactorModel(IDS, np.zeros((2, 0)), SPECIFIC)}, "one id and one factor"),
    ({"covariance": FactorModel([], np.zeros((0, 1)), np.zeros(0))}, "does not contain|at least one"),
    (
        {"covariance": FactorModel(IDS, pd.DataFrame(LOADINGS, index=["B", "C"]), SPECIFIC)},
        "labelled with its ids",
    ),
    ({"covariance": FactorModel(["A", "A"], LOADINGS, SPECIFIC)}, "more than once"),
    ({"realized_returns": on(["2026-01-01", "2026-01-02"]) * 1e300}, "1e\\+06"),
    ({"realized_returns": on(["2026-01-01", "2026-01-01"])}, "two rows for 2026-01-01 .0 and 1."),
    ({"realized_returns": on(["2026-01-01", ""])}, "NaT"),
    ({"realized_returns": on(["2026-01-01", "2026-01-02"]).to_period("D")}, "to_timestamp"),
    ({"weights": pd.concat([pd.Series(WEIGHTS)] * 2)}, "'A' appears more than once"),
    ({"weights": {0: 0.5, "0": 0.5}}, "the id 0 is a number"),
    ({"weights": {None: 1.0}}, "must be text"),
    ({"weights": {float("nan"): 1.0}}, "must be text"),
    ({"weights": {Text(): 1.0}}, "must be text"),
    ({"covariance": pd.DataFrame(np.eye(2), index=["A", "A"], columns=IDS)}, "'A' appears more than once"),
    ({"covariance": pd.DataFrame(np.eye(2), index=[0, "0"], columns=IDS)}, "the id 0 is a number"),
    ({"covariance": pd.DataFrame(np.eye(2), index=IDS, columns=["A", "C"])}, "same, distinct ids"),
    ({"covariance": (3, np.eye(2))}, "list of ids"),
    ({"realized_returns": pd.DataFrame([[0.1] * 3], columns=["A", "B", "A"])}, "'A' appears more than once"),
    ({"covariance": np.ma.masked_array(np.eye(2), np.eye(2) > 0)}, "^/covariance: a masked"),
    ({"covariance": FactorModel(IDS, np.ma.masked_array(LOADINGS), SPECIFIC)}, "^/covariance: a masked"),
    ({"realized_returns": np.ma.masked_array(np.ones((3, 2)))}, "^/realized_returns: a masked"),
    ({"realized_returns": {"A": np.ma.masked_array(np.ones(3))}}, "^/realized_returns/A: a masked"),
    ({"weights": MANY_WEIGHTS, "covariance": np.ma.masked_array(DIAGONAL)}, "^/covariance: a masked"),
    ({"constraints": {"limits": np.ma.masked_array(np.ones(2))}}, "^/constraints: a masked"),
]


@pytest.mark.parametrize(("fields", "reason"), FIELDS, ids=range(len(FIELDS)))
def test_input_that_would_be_silently_altered_is_rejected(
    client: RiskHubClient, server: Server, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidSnapshotError, match=reason):
        published(client, **fields)
    assert [seen.path for seen in server.seen] == ["/risk-hub/contract"]


def test_a_factor_model_may_mix_lists_arrays_and_frames(client: RiskHubClient) -> None:
    forms = [
        FactorModel(IDS, LOADINGS, SPECIFIC.tolist()),
        FactorModel(np.array(IDS), LOADINGS, SPECIFIC),  # type: ignore[arg-type]
        FactorModel(IDS, pd.DataFrame(LOADINGS, index=IDS), pd.Series(SPECIFIC, index=IDS)),
        FactorModel(IDS, pd.DataFrame(LOADINGS, index=IDS)[::-1], pd.Series(SPECIFIC, index=IDS)[::-1]),
        FACTOR,
    ]
    outcomes = [published(client, covariance=form) for form in forms]
    assert outcomes == ["created"] + ["replayed"] * 4


def test_publish_accepts_an_uploaded_ref_and_a_stress_file(client: RiskHubClient, tmp_path: Path) -> None:
    file = tmp_path / "stress.rsh1"
    file.write_bytes(encode_stress({"crash": {"loss": 0.2}}))
    ref = client.upload(WORLD, "covariance", COVARIANCE)
    assert published(client, covariance=ref, stress=file) == "created"
    assert published(client, covariance_ref=ref, stress={"crash": {"loss": 0.2}}) == "replayed"


def test_upload_of_an_invalid_blob_is_rejected_before_any_request(
    client: RiskHubClient, server: Server
) -> None:
    with pytest.raises(InvalidSnapshotError, match="negative"):
        client.upload(WORLD, "covariance", encode_covariance(IDS, [-0.04, 0.0, 0.09]))
    assert server.seen == []


class OldArray:
    """An array as in NumPy 1, which does not name its library."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Any:
        if name in {"__array_namespace__", "__array__"}:
            raise AttributeError(name)
        return getattr(self.values, name)

    def __getitem__(self, place: Any) -> Any:
        return self.values[place]


def test_array_without_array_namespace_is_accepted(client: RiskHubClient) -> None:
    order = MANY[::-1]
    forms = [
        (order, DIAGONAL),
        (order, OldArray(DIAGONAL)),
        (order, OldArray(DIAGONAL[np.triu_indices(12)])),
    ]
    outcomes = [published(client, weights=MANY_WEIGHTS, covariance=form) for form in forms]
    assert outcomes == ["created", "replayed", "replayed"]


MASKED_SERIES = np.ma.masked_array([0.5, 0.5], [False, True])


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        (None, "missing"),
        (np.nan, "missing"),
        (pd.NA, "missing"),
        (pd.NaT, "missing"),
        (np.datetime64("NaT", "s"), "missing"),
        (np.ma.masked, "masked"),
        (np.ma.masked_array([0.5], [True]), "masked"),
        (np.ma.masked_array(0.5, mask=False), "masked"),
        (MASKED_SERIES, "masked"),
        (np.array([0.5, 0.5]), "an array"),
        (pd.Series([0.5, 0.5]), "an array"),
        (np.float64("inf"), "infinite"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.parametrize(
    "form", [dict, lambda weights: pd.Series(weights, dtype=object)], ids=["dict", "Series"]
)
def test_weight_without_one_number_is_refused_by_the_name_of_its_asset(
    client: RiskHubClient, server: Server, form: Any, weight: Any, reason: str
) -> None:
    with pytest.raises(InvalidSnapshotError, match=rf"/weights/B: the weight of 'B' \(row 1\) is {reason}"):
        published(client, weights=form({"A": 0.5, "B": weight}))
    assert [seen for seen in server.seen if seen.method == "POST"] == []


def test_masked_entry_of_a_series_of_weights_is_refused_by_the_name_of_its_asset(
    client: RiskHubClient,
) -> None:
    with pytest.raises(InvalidSnapshotError, match="the weight of 'B'"):
        published(client, weights=dict(zip(IDS, MASKED_SERIES, strict=True)))
    with pytest.raises(InvalidSnapshotError, match="the weight of 'B'"):
        published(client, weights=pd.Series(MASKED_SERIES, IDS))


def test_masked_entry_of_any_other_field_is_refused_by_its_field(client: RiskHubClient) -> None:
    for fields in (
        {"constraints": {"limit": np.ma.masked}},
        {"constraints": {"limit": np.ma.masked_array(1.0, mask=True)}},
        {"ttl_sec": np.ma.masked},
    ):
        with pytest.raises(InvalidSnapshotError, match=f"/{next(iter(fields))}: a masked array has no value"):
            published(client, **fields)


def test_masked_return_of_a_list_is_a_missing_observation() -> None:
    assert convert_returns({"A": [0.1, np.ma.masked], "B": [0.1, 0.2]}, IDS) == convert_returns(
        {"A": [0.1, None], "B": [0.1, 0.2]}, IDS
    )
