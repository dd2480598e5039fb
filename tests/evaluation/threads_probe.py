"""Print the result hash of books on both paths; started with one BLAS thread and with two."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.blob.write import encode_covariance, encode_factor, encode_returns
from tests.fakes.evaluated_world import EvaluatedWorld

BOOKS = ("us20", "packed", "blocks", "factor", "returns")
COUNT, BLOCKS_COUNT, OBSERVATIONS = 300, 1_100, 400


def names(count: int) -> list[str]:
    return [f"A{index:05}" for index in range(count)]


def bodies(world: EvaluatedWorld) -> Iterator[dict[str, Any]]:
    sample = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
    yield {name: sample[name] for name in ("weights", "covariance", "realized_returns")}
    generator = np.random.default_rng(9)
    for count in (COUNT, BLOCKS_COUNT):
        loadings = generator.normal(0, 0.01, (count, 40))
        matrix = np.einsum("ik,jk->ij", loadings, loadings) + 1e-5 * np.eye(count)
        data = encode_covariance(names(count), matrix[np.triu_indices(count)].tolist())
        yield {"weights": weights(generator, count), "covariance_ref": world.blob("covariance", data)}
    loadings = generator.normal(0, 0.01, (BLOCKS_COUNT, 30))
    data = encode_factor(names(BLOCKS_COUNT), loadings.tolist(), [1e-5] * BLOCKS_COUNT)
    yield {"weights": weights(generator, BLOCKS_COUNT), "covariance_ref": world.blob("covariance", data)}
    series = generator.normal(0, 0.01, (COUNT, OBSERVATIONS)).tolist()
    data = encode_returns(dict(zip(names(COUNT), series, strict=True)))
    ref = world.blob("realized_returns", data)
    yield {"weights": weights(generator, COUNT), "realized_returns_ref": ref}


def weights(generator: np.random.Generator, count: int) -> dict[str, float]:
    return dict(zip(names(count), generator.dirichlet(np.ones(count)).tolist(), strict=True))


def main() -> None:
    world = EvaluatedWorld()
    for book, body in zip(BOOKS, bodies(world), strict=True):
        receipt = world.evaluated(version=book, **body).receipt
        assert receipt is not None
        sys.stdout.write(f"{book} {receipt.result_hash}\n")


if __name__ == "__main__":
    main()
