"""Client behaviour without faults: publish, replay, read, page, cache."""

from datetime import timedelta

import numpy as np
import pytest

from risk_hub_client import ConflictError, FactorModel, NotFoundError, RiskHubClient
from risk_hub_contracts.blob.types import Covariance
from tests.client.conftest import AS_OF, BOOK, WORLD
from tests.client.server import Server


def test_a_snapshot_is_created_once_and_then_replayed(client: RiskHubClient, server: Server) -> None:
    first, again = client.publish(WORLD, **BOOK), client.publish(WORLD, **BOOK)
    assert (first.outcome, again.outcome) == ("created", "replayed")
    assert first.snapshot == again.snapshot
    assert first.content_hash == client.latest(WORLD).content_hash
    assert len(server.hub.snapshots.rows) == 1


def test_contract_is_fetched_once_per_client(client: RiskHubClient, server: Server) -> None:
    for version in ("v1", "v2"):
        client.publish(WORLD, **BOOK | {"version": version})
    assert [seen.path for seen in server.seen].count("/risk-hub/contract") == 1


def test_conflicting_version_raises_conflict_error_with_the_stored_hash(client: RiskHubClient) -> None:
    first = client.publish(WORLD, **BOOK)
    with pytest.raises(ConflictError, match="under a new version") as caught:
        client.publish(WORLD, **BOOK | {"weights": {"AAPL": 1.0}})
    assert caught.value.hashes[0] == first.content_hash
    assert caught.value.request_id
    assert caught.value.request_id in str(caught.value)


def test_modifying_a_returned_snapshot_does_not_change_the_cache(client: RiskHubClient) -> None:
    client.publish(WORLD, **BOOK)
    for _ in range(3):
        found = client.latest(WORLD)
        assert found.weights == BOOK["weights"]
        found.document["weights"]["AAPL"] = 99.0
        found.document["provenance"].clear()


def test_unchanged_latest_is_revalidated_with_if_none_match(client: RiskHubClient, server: Server) -> None:
    client.publish(WORLD, **BOOK)
    first = client.latest(WORLD)
    assert client.latest(WORLD) == first
    assert server.seen[-1].headers["if-none-match"] == f'"{first.content_hash}"'
    client.publish(WORLD, **BOOK | {"version": "v2", "as_of": AS_OF + timedelta(seconds=1)})
    assert client.latest(WORLD).version == "v2"


def test_list_iterates_over_all_pages(client: RiskHubClient) -> None:
    for number in range(103):
        client.publish(
            WORLD, **BOOK | {"version": f"v{number:03}", "as_of": AS_OF + timedelta(seconds=number / 10)}
        )
    versions = [snapshot.version for snapshot in client.list(WORLD, order="asc")]
    assert versions == [f"v{number:03}" for number in range(103)]


def test_lookup_by_version_and_by_as_of_returns_the_same_snapshot(client: RiskHubClient) -> None:
    client.publish(WORLD, **BOOK)
    assert client.lookup(WORLD, version="v1") == client.lookup(WORLD, as_of=AS_OF)
    with pytest.raises(NotFoundError, match="No snapshot"):
        client.lookup(WORLD, as_of=AS_OF - timedelta(days=1))


def test_large_covariance_is_uploaded_to_the_store_and_loads_back_unchanged(
    client: RiskHubClient, server: Server
) -> None:
    ids = [f"A{number:03}" for number in range(60)]
    weights = dict.fromkeys(ids, 1 / 60)
    loadings = np.random.default_rng(1).normal(size=(60, 200)) * 0.01
    matrix = loadings @ loadings.T
    published = client.publish(WORLD, **BOOK | {"weights": weights, "covariance": matrix})
    assert published.snapshot is not None
    assert "covariance_ref" in published.snapshot.document
    assert [seen.method for seen in server.seen if seen.path.startswith("/store/")] == ["PUT"]
    loaded = client.load(published.snapshot, "covariance")
    assert isinstance(loaded, Covariance)
    numbers = np.frombuffer(loaded.payload, "<f8")
    np.testing.assert_array_equal(numbers, matrix[np.triu_indices(60)])
    again = client.publish(
        WORLD, **BOOK | {"weights": weights, "covariance": {"ids": ids, "matrix": matrix.tolist()}}
    )
    assert again.outcome == "replayed"


def test_factor_model_is_published_in_factor_layout(client: RiskHubClient) -> None:
    ids = [f"A{number:02}" for number in range(30)]
    model = FactorModel(ids[::-1], np.full((30, 2), 0.01), np.linspace(1e-4, 2e-4, 30))
    published = client.publish(WORLD, **BOOK | {"weights": dict.fromkeys(ids, 1 / 30), "covariance": model})
    assert published.snapshot is not None
    loaded = client.load(published.snapshot, "covariance")
    assert isinstance(loaded, Covariance)
    assert (loaded.layout, loaded.document()["specific"][0]) == ("factor", 2e-4)
