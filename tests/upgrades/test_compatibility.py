"""The compatibility check finds every planted break, allows additions, and finds nothing in this tree."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from risk_hub_contracts.compatibility.__main__ import main
from risk_hub_contracts.compatibility.findings import Finding
from risk_hub_contracts.compatibility.promises import contract_findings, example_findings
from risk_hub_contracts.compatibility.release import RELEASED, Contract, last_release
from risk_hub_contracts.compatibility.repairs import repaired, unrepaired
from risk_hub_contracts.compatibility.schemas import answer_findings, request_findings
from tools.upgrades.planted import ADDITIONS, BREAKS, PLANTED_IN

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def present() -> Contract:
    return Contract.present(ROOT / "contracts", ROOT / "events")


@pytest.fixture(scope="module")
def part(present: Contract) -> Contract:
    """The contract with some of its operations and without golden requests."""
    paths = {path: present.openapi["paths"][path] for path in PLANTED_IN}
    return replace(present, openapi={**present.openapi, "paths": paths}, examples=[])


@pytest.mark.parametrize("name", BREAKS)
def test_planted_break_is_reported_at_its_location(part: Contract, name: str) -> None:
    place, change = BREAKS[name]
    changed = copy.deepcopy(part)
    change(changed)
    found = [finding.place for finding in contract_findings(part, changed)]
    assert any(each.startswith(place) for each in found), found


@pytest.mark.parametrize("name", ADDITIONS)
def test_compatible_addition_passes(part: Contract, name: str) -> None:
    changed = copy.deepcopy(part)
    ADDITIONS[name](changed)
    assert changed != part
    assert list(map(str, contract_findings(part, changed))) == []


@pytest.mark.parametrize("name", ["example-of-hash", "example-of-refusal", "example-accepted"])
def test_golden_request_with_a_changed_answer_is_reported(present: Contract, name: str) -> None:
    released = replace(present, examples=copy.deepcopy(present.examples))
    valid = next(each for each in released.examples if "content_hash" in each["expected"])
    refused = next(each for each in released.examples if "type" in each["expected"])
    if name == "example-of-hash":
        valid["expected"]["content_hash"] = "sha256:" + "0" * 64
    elif name == "example-of-refusal":
        refused["expected"]["status"] = 400 + refused["expected"]["status"] % 100 + 1
    else:
        valid["request"] = refused["request"]
    assert len(list(example_findings(released.examples))) == 1


def test_accepting_a_formerly_rejected_request_is_compatible(present: Contract) -> None:
    released = replace(present, examples=copy.deepcopy(present.examples))
    valid = next(each for each in released.examples if "content_hash" in each["expected"])
    valid["expected"] = {"status": 422, "type": "urn:risk-hub:problem:contract-violation", "pointers": ["/x"]}
    assert list(example_findings(released.examples)) == []


def test_unsupported_schema_keyword_is_reported() -> None:
    was, now = {"type": "array", "contains": {"const": 1}}, {"type": "array"}
    for judge in (request_findings, answer_findings):
        (finding,) = judge((was, was), (now, now), "x")
        assert "cannot judge" in finding.sentence


def test_recursive_schema_comparison_terminates() -> None:
    tree: dict[str, Any] = {
        "$defs": {
            "Tree": {"type": "object", "properties": {"children": {"items": {"$ref": "#/$defs/Tree"}}}}
        },
        "$ref": "#/$defs/Tree",
    }
    assert list(request_findings((tree, tree), (tree, tree), "x")) == []


def test_exclusive_bound_is_stricter_than_the_same_inclusive_bound() -> None:
    loose, tight = {"type": "number", "minimum": 0}, {"type": "number", "exclusiveMinimum": 0}
    assert list(request_findings((tight, tight), (loose, loose), "x")) == []
    assert [finding.sentence for finding in request_findings((loose, loose), (tight, tight), "x")] != []


GONE, TIGHTER = Finding("GET /a 200/b", "is gone"), Finding("limit c", "was 2 and is 1")


def test_repair_entry_matches_findings_by_text_or_sentence(tmp_path: Path) -> None:
    entries = [{"why": "a mistake", "findings": [str(TIGHTER)]}, {"why": "another", "sentence": "is gone"}]
    (tmp_path / "repaired-contract.json").write_text(json.dumps(entries), encoding="utf-8")
    twice = [GONE, replace(GONE, place="GET /d 200/b"), TIGHTER]
    assert list(unrepaired(twice, repaired(tmp_path))) == []


def test_unmatched_findings_and_repair_entries_are_reported() -> None:
    assert list(unrepaired([GONE, TIGHTER], ["is gone"])) == [TIGHTER]
    (left,) = unrepaired([GONE], ["is gone", "was 2 and is 1"])
    assert left.place == "repaired-contract.json"
    assert "remove the entry" in left.sentence


def test_release_without_a_repair_file_has_no_repairs(tmp_path: Path) -> None:
    assert repaired(tmp_path) == []


def test_every_repair_entry_of_the_last_release_has_a_reason() -> None:
    release = last_release()
    assert release is not None
    entries = json.loads((release / "repaired-contract.json").read_text(encoding="utf-8"))
    assert [entry for entry in entries if not entry["why"]] == []


def test_member_removed_from_an_open_response_is_reported() -> None:
    was = {"type": "object", "properties": {"a": {}, "b": {"type": "string"}}}
    now = {"type": "object", "properties": {"a": {}}}
    (finding,) = answer_findings((was, was), (now, now), "x")
    assert (finding.place, finding.sentence) == ("x/b", "is promised by the release but missing now")


def test_map_with_a_name_pattern_must_keep_the_promised_value_type() -> None:
    was = {"type": "object", "patternProperties": {"^a": {"type": "integer"}}}
    now = {"type": "object", "additionalProperties": {"type": "integer"}, "propertyNames": {"pattern": "^a"}}
    assert list(answer_findings((was, was), (now, now), "x")) == []
    wider = {**now, "additionalProperties": {"type": "string"}}
    assert [finding.place for finding in answer_findings((was, was), (wider, wider), "x")] == ["x/^a"]


def test_current_contract_is_compatible_with_the_last_release() -> None:
    assert main([]) == 0


def test_compatibility_command_fails_and_names_the_break(
    present: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    released = copy.deepcopy(present)
    released.limits["weights_max_count"] = 20_000
    for name in ("openapi.json", "schemas", "examples"):
        (tmp_path / name).symlink_to(ROOT / "contracts" / name)
    released.freeze(tmp_path / "released" / "1.0.0")
    assert main(["--contracts", str(tmp_path)]) == 1
    output = capsys.readouterr().err
    assert "1 promise(s) of contract 1.0.0 are broken" in output
    assert "limit weights_max_count: was 20000 and is 10000" in output


def test_compatibility_check_passes_without_a_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--contracts", str(tmp_path)]) == 0
    assert "There is no release yet" in capsys.readouterr().out


def test_last_release_is_chosen_by_numeric_version(tmp_path: Path) -> None:
    for version in ("1.2.0", "1.10.0", "1.9.3"):
        (tmp_path / version).mkdir()
    assert last_release(tmp_path) == tmp_path / "1.10.0"


def test_frozen_release_contains_the_whole_contract() -> None:
    release = last_release()
    assert release is not None
    assert release.parent == RELEASED
    frozen = Contract.released(release)
    assert json.loads((release / "openapi.json").read_text(encoding="utf-8")) == frozen.openapi
    assert frozen.examples
    assert frozen.events.keys() == {
        "exit_signal_emitted",
        "risk_evaluated",
        "risk_snapshot_updated",
        "stress_evaluated",
    }
