"""Accepted inputs, and data that never leaves the process."""

import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from risk_hub_client import FactorModel, InvalidSnapshotError, RiskHubClient, to_dataframe
from risk_hub_client.blobs import Blob
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.write import encode_covariance, encode_factor, encode_returns
from tests.client.conftest import BOOK, WORLD
from tests.client.server import Server

IDS = ["C", "A", "B"]
WEIGHTS = {"C": 0.2, "A": 0.5, "B": 0.3}
MATRIX = np.array([[0.09, 0.01, -0.0], [0.01, 0.04, 0.002], [-0.0, 0.002, 0.01]])
UPPER = MATRIX[np.triu_indices(3)]
BIG_IDS = [f"N{(37 * n) % 101:03}" for n in range(101)]
BIG = np.cov(np.random.default_rng(7).normal(size=(101, 300)))
DAYS = pd.DatetimeIndex(["2026-01-02", "2026-01-05"])


def published(client: RiskHubClient, **fields: Any) -> str:
    return client.publish(WORLD, **BOOK | {"version": "v", "weights": WEIGHTS, **fields}).outcome


SAME_COVARIANCE = [
    {"ids": IDS, "matrix": MATRIX.tolist()},
    {"ids": IDS, "matrix": MATRIX},
    {"ids": IDS, "upper": UPPER},
    {"A,A": 0.04, "B,B": 0.01, "C,C": 0.09, "A,C": 0.01, "B,C": 0.0, "A,B": 0.002},
    MATRIX,
    (IDS, MATRIX),
    (IDS, UPPER),
    pd.DataFrame(MATRIX, index=IDS, columns=IDS),
    pd.DataFrame(MATRIX, index=IDS, columns=IDS).loc[["B", "A", "C"]],
    encode_covariance(IDS, UPPER.tolist()),
]


def test_all_covariance_input_forms_publish_the_same_content(client: RiskHubClient) -> None:
    outcomes = [published(client, covariance=form) for form in SAME_COVARIANCE]
    assert outcomes == ["created"] + ["replayed"] * (len(SAME_COVARIANCE) - 1)


@pytest.mark.parametrize("ids", [BIG_IDS, sorted(BIG_IDS)], ids=["shuffled", "sorted"])
@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4"])
def test_large_arrays_are_encoded_to_the_same_bytes_as_by_the_contract(
    client: RiskHubClient, dtype: str, ids: list[str]
) -> None:
    matrix = BIG.astype(dtype)
    exact = matrix.astype(float)
    packed = exact[np.triu_indices(101)]
    weights = dict.fromkeys(ids, 1 / 101)
    forms = [matrix, (ids, packed), pd.DataFrame(matrix, index=ids, columns=ids)]
    for form in forms:
        published(client, weights=weights, covariance=form)
    wanted = encode_covariance(ids, packed.tolist())
    latest = client.latest(WORLD)
    assert latest.document["covariance_ref"]["sha256"] == Blob.of_bytes(wanted).sha256


def test_blob_chunks_can_be_read_from_any_offset(client: RiskHubClient) -> None:
    from risk_hub_client.covariance_arrays import Dense, covariance_blob  # noqa: PLC0415

    blob = covariance_blob(Dense(BIG_IDS, BIG), ["N000"])
    assert isinstance(blob, Blob)
    whole = b"".join(blob.chunks())
    assert whole == encode_covariance(BIG_IDS, BIG[np.triu_indices(101)].tolist())
    assert client
    for first, size in ((0, 10), (5, 4000), (1000, 1), (9999, 20000), (len(whole) - 3, 3)):
        assert b"".join(blob.chunks(first, size)) == whole[first : first + size]


SAME_RETURNS = [
    {"A": [0.01, -0.02], "B": [0.0, 0.01], "C": [0.02, 0.03]},
    {"A": np.array([0.01, -0.02]), "B": (0.0, 0.01), "C": pd.Series([0.02, 0.03])},
    pd.DataFrame({"A": [0.01, -0.02], "B": [0.0, 0.01], "C": [0.02, 0.03]}),
    np.array([[0.02, 0.01, 0.0], [0.03, -0.02, 0.01]]),
    encode_returns({"A": [0.01, -0.02], "B": [0.0, 0.01], "C": [0.02, 0.03]}),
]


def test_all_returns_input_forms_publish_the_same_content(client: RiskHubClient) -> None:
    outcomes = [published(client, realized_returns=form) for form in SAME_RETURNS]
    assert outcomes == ["created"] + ["replayed"] * (len(SAME_RETURNS) - 1)


def test_returns_dates_round_trip_through_the_hub(client: RiskHubClient) -> None:
    frame = pd.DataFrame({"A": [0.01, -0.02], "B": [0.0, 0.01]}, index=DAYS)
    published(client, realized_returns=frame)
    found = client.load(client.latest(WORLD), "realized_returns")
    assert found is not None
    pd.testing.assert_frame_equal(to_dataframe(found), frame, check_freq=False, check_index_type=False)


def test_covariance_and_snapshot_list_convert_to_dataframes(client: RiskHubClient) -> None:
    published(client, covariance=MATRIX, weights=pd.Series(WEIGHTS))
    found = client.load(client.latest(WORLD), "covariance")
    assert found is not None
    expected = pd.DataFrame(MATRIX, index=IDS, columns=IDS).loc[sorted(IDS), sorted(IDS)]
    pd.testing.assert_frame_equal(to_dataframe(found), expected)
    assert list(to_dataframe(client.list(WORLD))["version"]) == ["v"]
    assert client.load(client.latest(WORLD), "stress") is None


def test_factor_model_as_lists_or_arrays_publishes_the_same_content(client: RiskHubClient) -> None:
    factors, specific = np.array([[0.1], [0.2], [0.3]]), np.array([0.01, 0.02, 0.03])
    forms = [
        FactorModel(IDS, factors, specific),
        FactorModel(IDS, factors.tolist(), specific.tolist()),
        {"ids": IDS, "factors": factors, "specific": specific},
    ]
    outcomes = [published(client, covariance=form) for form in forms]
    assert outcomes == ["created", "replayed", "replayed"]
    found = client.load(client.latest(WORLD), "covariance")
    assert found is not None
    np.testing.assert_allclose(to_dataframe(found).loc["C", ["C", "A"]], [0.02, 0.02])


def test_large_covariance_converts_to_a_dataframe_without_an_extra_copy() -> None:
    ids = [f"N{number:03}" for number in range(800)]
    loadings, specific = np.random.default_rng(3).normal(size=(800, 5)), np.ones(800)
    exact = loadings @ loadings.T + np.diag(specific)
    packed = encode_covariance(ids, exact[np.triu_indices(800)].tolist())
    factor = encode_factor(ids, loadings.tolist(), specific.tolist())
    for found in (decode(packed), decode(factor)):
        to_dataframe(found)
        tracemalloc.start()
        frame = to_dataframe(found)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        np.testing.assert_allclose(frame.to_numpy(), exact, rtol=0, atol=1e-12)
        assert (frame.to_numpy() == frame.to_numpy().T).all()
        assert peak_bytes < 2.2 * len(packed)


def damaged(row: int, column: int, value: float) -> Any:
    matrix = BIG.copy()
    matrix[row, column] = value
    return matrix


OTHER_WORLD = f"s3://blobs/risk-blobs/w2/{'0' * 64}"
REFUSED = [
    ({"weights": {"A": 0.5}}, "/weights"),
    ({"weights": {"A": float("nan"), "B": 1.0}}, "weight of 'A' .row 0. is missing"),
    ({"as_of": "2026-01-05"}, "/as_of"),
    ({"as_of": datetime(2026, 1, 5)}, "/as_of"),  # noqa: DTZ001 - what is refused
    ({"ttl_sec": 0}, "/ttl_sec"),
    ({"wieghts": {"A": 1.0}}, "did you mean 'weights'"),
    ({"constraints": {"a": object()}}, "cannot be written as JSON"),
    ({"covariance": MATRIX[:2, :2]}, "3 ids need 3 rows"),
    ({"covariance": (["A", "B"], MATRIX[:2, :2])}, "does not contain 'C'"),
    ({"covariance": encode_returns([0.1])}, "this blob is of kind realized_returns"),
    ({"covariance": b"no blob"}, "first line"),
    ({"covariance": OTHER_WORLD}, "world 'w1'"),
    (
        {"covariance": {"ref": OTHER_WORLD, "sha256": "0" * 64, "bytes": 1, "kind": "stress"}},
        "world 'w1' \\(and 1 more",
    ),
    ({"realized_returns": np.zeros((5, 2))}, "same number of columns"),
    (
        {"realized_returns": pd.DataFrame({"A": [0.1, float("inf")]}, index=DAYS)},
        "return of 'A' on 2026-01-05 .row 1.",
    ),
    ({"covariance": FactorModel(["A"], np.ones((1, 1)), np.ones(1))}, "does not contain"),
    ({"covariance": FactorModel(IDS, np.ones((3, 1)), -np.ones(3))}, "must not be negative"),
    ({"covariance": (BIG_IDS[:-1] + BIG_IDS[:1], BIG)}, "more than once"),
    *[
        ({"weights": dict.fromkeys(BIG_IDS, 1 / 101), "covariance": matrix}, reason)
        for matrix, reason in (
            (damaged(3, 3, -1.0), "every variance"),
            (damaged(3, 3, float("nan")), "entry of 'N010' and 'N010' is nan"),
            (damaged(3, 4, float("inf")), "entry of 'N010' and 'N047' is inf"),
            (damaged(3, 4, 0.001), "above and below"),
            (BIG * (1 - 10 * (1 - np.eye(101))), "correlation that is not between"),
            (BIG.astype(object), "array of numbers"),
        )
    ],
]


@pytest.mark.parametrize(("fields", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_invalid_input_is_rejected_without_posting_a_snapshot(
    client: RiskHubClient, server: Server, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidSnapshotError, match=reason):
        published(client, **fields)
    assert [seen.path for seen in server.seen] == ["/risk-hub/contract"]


def test_publish_without_an_actor_is_rejected_before_any_request(server: Server) -> None:
    with (
        RiskHubClient(server.url, server.token) as client,
        pytest.raises(InvalidSnapshotError, match="actor"),
    ):
        client.publish(WORLD, **BOOK)
    assert server.seen == []


def test_upload_with_a_mismatched_kind_is_rejected_before_any_request(
    client: RiskHubClient, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "returns.rsh1"
    file.write_bytes(encode_returns([0.1, 0.2]))
    with pytest.raises(InvalidSnapshotError, match="of kind realized_returns"):
        client.upload(WORLD, "covariance", file)
    assert server.seen == []
    ref = client.upload(WORLD, "realized_returns", file)
    assert published(client, realized_returns=ref.document()) == "created"
