import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import rfc8785

from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.golden import accept, raw_body
from risk_hub_contracts.snapshot.parse import Snapshot

CONTRACTS = Path(__file__).parents[2] / "contracts"
VALID = sorted((CONTRACTS / "examples/valid").glob("*.json"))
INVALID = sorted((CONTRACTS / "examples/invalid").glob("*.json"))


def read(file: Path) -> dict[str, Any]:
    example: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return example


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_valid_example_is_accepted_with_the_expected_hash(file: Path) -> None:
    example = read(file)
    assert accept(example["request"]).content_hash == example["expected"]["content_hash"]


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_invalid_example_is_rejected_with_the_expected_problem(file: Path) -> None:
    example = read(file)
    with pytest.raises(ProblemError) as caught:
        accept(example["request"])
    problem = caught.value.to_problem()
    found = sorted(error["pointer"] for error in problem.get("errors", []))
    assert {"status": problem["status"], "type": problem["type"], "pointers": found} == example["expected"]


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_content_hash_equals_the_hash_of_the_reference_canonical_form(file: Path) -> None:
    snapshot = accept(read(file)["request"])
    normal: dict[str, Any] = {
        "world_id": snapshot.world_id,
        "version": snapshot.version,
        "as_of": snapshot.as_of.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "ttl_sec": snapshot.ttl_sec,
        "weights": snapshot.weights,
        "provenance": snapshot.provenance,
    }
    normal |= snapshot.facts
    if snapshot.constraints is not None:
        normal["constraints"] = snapshot.constraints
    for component in snapshot.components:
        digest = hashlib.sha256(component.blob).hexdigest() if component.blob else component.sha256
        normal[component.kind] = f"sha256:{digest}"
    assert snapshot.content_hash == f"sha256:{hashlib.sha256(rfc8785.dumps(normal)).hexdigest()}"


def test_equivalent_examples_share_a_hash_and_different_examples_do_not() -> None:
    hashes: dict[str, set[str]] = defaultdict(set)
    for example in map(read, VALID):
        hashes[example.get("group", example["name"])].add(example["expected"]["content_hash"])
    assert {group: len(found) for group, found in hashes.items()} == dict.fromkeys(hashes, 1)
    assert len(set.union(*hashes.values())) == len(hashes)


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_valid_example_matches_the_json_schema(file: Path) -> None:
    schema = json.loads((CONTRACTS / "schemas/snapshot-request.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(raw_body(read(file)["request"])))


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_a_stored_document_is_reloaded_as_the_same_snapshot(file: Path) -> None:
    snapshot = accept(read(file)["request"])
    stored = json.loads(json.dumps(snapshot.to_document()))
    assert Snapshot.from_document(stored, snapshot.content_hash) == snapshot


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_resending_a_stored_document_gives_the_same_hash(file: Path) -> None:
    request = read(file)["request"]
    snapshot = accept(request)
    sized = {
        component.kind: component.ref.model_copy(update={"bytes": 100})
        for component in snapshot.components
        if component.ref
    }
    sent = snapshot.with_refs(sized).to_document()
    assert accept({**request, "body": sent}).content_hash == snapshot.content_hash


def test_valid_and_invalid_examples_exist_and_match_their_file_names() -> None:
    assert VALID
    assert INVALID
    assert all(read(file)["name"] == file.stem for file in (*VALID, *INVALID))
