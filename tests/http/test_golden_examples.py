"""Every golden example of the contract, sent over HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.blob.write import digest
from risk_hub_contracts.golden import raw_body
from risk_hub_contracts.golden.valid_components import REFERENCED_BLOBS
from risk_hub_contracts.golden.valid_facts import DATED_RETURNS, SPARSE_RETURNS
from tests.fakes.gateway import Answer
from tests.fakes.hub import Hub
from tests.fakes.stores import MemoryBlobs

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"


def referred_blobs(world_id: str, bucket: str) -> MemoryBlobs:
    """Return a store with the blobs to which the examples refer."""
    blobs = MemoryBlobs()
    blobs.bucket = bucket
    for kind, data in REFERENCED_BLOBS.items():
        blobs.put(world_id, kind, digest(data), data)
    for data in (DATED_RETURNS, SPARSE_RETURNS):
        blobs.put(world_id, "realized_returns", digest(data), data)
    return blobs


def example(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def files(kind: str) -> list[Path]:
    return sorted((EXAMPLES / kind).glob("*.json"))


def send(request: dict[str, Any]) -> Answer:
    hub = Hub(blobs=referred_blobs(request["world_id"], request["bucket"]))
    hub.clock.now = parse_instant(request["now"])
    path = f"/risk-hub/worlds/{request['world_id'].replace('%', '%25')}/snapshots"
    return hub.gateway()("POST", path, raw_body(request), request["headers"])


@pytest.mark.parametrize("path", files("valid"), ids=lambda path: path.stem)
def test_a_valid_example_is_stored_under_its_hash(path: Path) -> None:
    case = example(path)
    answer = send(case["request"])
    assert answer.status == 201, answer.body
    assert answer.json["content_hash"] == case["expected"]["content_hash"]


@pytest.mark.parametrize("path", files("invalid"), ids=lambda path: path.stem)
def test_an_invalid_example_is_refused_with_its_type_and_pointers(path: Path) -> None:
    case = example(path)
    answer = send(case["request"])
    assert answer.status == case["expected"]["status"], answer.body
    assert answer.json["type"] == case["expected"]["type"]
    assert sorted(answer.pointers) == sorted(case["expected"]["pointers"])
    assert answer.json["remedy"]


def test_invalid_examples_cover_every_problem_type_of_a_body() -> None:
    met = {example(path)["expected"]["type"].rpartition(":")[2] for path in files("invalid")}
    assert met >= {
        "contract-violation",
        "duplicate-key",
        "hash-mismatch",
        "malformed-json",
        "non-finite-number",
        "not-utf8",
        "ref-invalid",
        "too-deep",
        "world-mismatch",
    }


KINDS: tuple[BlobKind, ...] = ("covariance", "realized_returns", "stress")


@pytest.mark.parametrize("kind", KINDS)
def test_every_component_has_valid_inline_and_reference_examples(kind: BlobKind) -> None:
    fields = [example(path)["request"].get("body", {}) for path in files("valid")]
    assert any(kind in body for body in fields)
    assert any(f"{kind}_ref" in body for body in fields)
