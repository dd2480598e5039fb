"""The check of compatibility finds every planted break, lets additions pass, and finds nothing in this tree."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from risk_hub_contracts.compatibility.__main__ import main
from risk_hub_contracts.compatibility.check import faults
from risk_hub_contracts.compatibility.promises import example_faults
from risk_hub_contracts.compatibility.release import RELEASED, Contract, last_release
from risk_hub_contracts.compatibility.schemas import answer_faults, request_faults

ROOT = Path(__file__).parents[2]
POST = "POST /risk-hub/worlds/{world_id}/snapshots"
LATEST = "GET /risk-hub/worlds/{world_id}/snapshots/latest"
Change = Callable[[Contract], object]
# The operations that a change is planted in; comparing all of them for each change would take a minute.
PLANTED_IN = (
    "/risk-hub/worlds/{world_id}/snapshots",
    "/risk-hub/worlds/{world_id}/snapshots/latest",
    "/risk-hub/worlds/{world_id}/snapshots/{version}/risk",
    "/risk-hub/worlds",
    "/risk-hub/health",
)


@pytest.fixture(scope="module")
def present() -> Contract:
    return Contract.present(ROOT / "contracts", ROOT / "events")


@pytest.fixture(scope="module")
def part(present: Contract) -> Contract:
    """The contract with some of its operations and without golden requests."""
    paths = {path: present.openapi["paths"][path] for path in PLANTED_IN}
    return replace(present, openapi={**present.openapi, "paths": paths}, examples=[])


def operation(contract: Contract, name: str) -> Any:
    verb, path = name.split(" ")
    return contract.openapi["paths"][path][verb.lower()]


def component(contract: Contract, name: str) -> Any:
    return contract.openapi["components"]["schemas"][name]


def members(contract: Contract, name: str) -> Any:
    return component(contract, name)["properties"]


def parameter(contract: Contract, name: str, wanted: str) -> Any:
    (found,) = [each for each in operation(contract, name)["parameters"] if each["name"] == wanted]
    return found


def set_to(target: Any, name: str, value: Any) -> Any:
    target[name] = value
    return target


BREAKS: dict[str, tuple[str, Change]] = {
    "an operation goes": (POST, lambda c: c.openapi["paths"].pop("/risk-hub/worlds/{world_id}/snapshots")),
    "a method goes": ("GET /risk-hub/worlds", lambda c: c.openapi["paths"]["/risk-hub/worlds"].pop("get")),
    "an operation is renamed": (POST, lambda c: set_to(operation(c, POST), "operationId", "post")),
    "an open operation needs a token": (
        "GET /risk-hub/health",
        lambda c: operation(c, "GET /risk-hub/health").pop("security"),
    ),
    "a header becomes required": (
        f"{POST} header X-Correlation-Id",
        lambda c: set_to(parameter(c, POST, "X-Correlation-Id"), "required", value=True),
    ),
    "a query parameter goes": (
        f"{LATEST} query actor",
        lambda c: operation(c, LATEST)["parameters"].remove(parameter(c, LATEST, "actor")),
    ),
    "a new parameter is required": (
        f"{LATEST} query book",
        lambda c: operation(c, LATEST)["parameters"].append(
            {"name": "book", "in": "query", "required": True, "schema": {"type": "string"}}
        ),
    ),
    "a page may be shorter only": (
        "GET /risk-hub/worlds/{world_id}/snapshots query limit",
        lambda c: set_to(
            parameter(c, "GET /risk-hub/worlds/{world_id}/snapshots", "limit")["schema"], "maximum", 50
        ),
    ),
    "a page's default changes": (
        "GET /risk-hub/worlds/{world_id}/snapshots query limit",
        lambda c: set_to(
            parameter(c, "GET /risk-hub/worlds/{world_id}/snapshots", "limit")["schema"], "default", 100
        ),
    ),
    "a media type is refused": (
        f"{POST} request",
        lambda c: operation(c, POST)["requestBody"]["content"].pop("application/json"),
    ),
    "a request's member is refused": (
        f"{POST} request/constraints",
        lambda c: members(c, "SnapshotRequest").pop("constraints"),
    ),
    "a request's member becomes required": (
        f"{POST} request/ttl_sec",
        lambda c: component(c, "SnapshotRequest")["required"].append("ttl_sec"),
    ),
    "a request's maximum falls": (
        f"{POST} request/ttl_sec",
        lambda c: set_to(members(c, "SnapshotRequest")["ttl_sec"], "maximum", 3_600),
    ),
    "a request's minimum rises": (
        f"{POST} request/ttl_sec",
        lambda c: set_to(members(c, "SnapshotRequest")["ttl_sec"], "minimum", 60),
    ),
    "a request's type narrows": (
        f"{POST} request/weights/*",
        lambda c: set_to(members(c, "SnapshotRequest")["weights"]["additionalProperties"], "type", "integer"),
    ),
    "a request's pattern changes": (
        f"{POST} request/version",
        lambda c: set_to(members(c, "SnapshotRequest")["version"], "pattern", "^[a-z]{1,20}$"),
    ),
    "a request's form goes": (
        f"{POST} request/covariance",
        lambda c: members(c, "SnapshotRequest")["covariance"]["oneOf"].pop(0),
    ),
    "a request's map is bounded": (
        f"{POST} request/weights",
        lambda c: set_to(members(c, "SnapshotRequest")["weights"], "maxProperties", 500),
    ),
    "names in a request's map narrow": (
        f"{POST} request/weights/names",
        lambda c: set_to(members(c, "SnapshotRequest")["weights"]["propertyNames"], "maxLength", 12),
    ),
    "a free object closes": (
        f"{POST} request/constraints",
        lambda c: set_to(members(c, "SnapshotRequest")["constraints"], "additionalProperties", value=False),
    ),
    "an answer's status goes": (f"{POST} 200", lambda c: operation(c, POST)["responses"].pop("200")),
    "a new success": (
        f"{POST} 202",
        lambda c: set_to(operation(c, POST)["responses"], "202", {"description": "Later."}),
    ),
    "an answer's header goes": (
        f"{POST} 201",
        lambda c: operation(c, POST)["responses"]["201"]["headers"].pop("ETag"),
    ),
    "an answer's member goes": (
        f"{LATEST} 200/content_hash",
        lambda c: (
            members(c, "SnapshotAnswer").pop("content_hash"),
            component(c, "SnapshotAnswer")["required"].remove("content_hash"),
        ),
    ),
    "an answer's member may be absent": (
        f"{LATEST} 200/expired",
        lambda c: component(c, "SnapshotAnswer")["required"].remove("expired"),
    ),
    "an answer's member may be null": (
        f"{LATEST} 200/content_hash",
        lambda c: set_to(
            members(c, "SnapshotAnswer"), "content_hash", {"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
    ),
    "an answer's type widens": (
        f"{LATEST} 200/ttl_sec",
        lambda c: set_to(members(c, "SnapshotAnswer")["ttl_sec"], "type", "number"),
    ),
    "an answer's enumeration grows": (
        "GET /risk-hub/worlds/{world_id}/snapshots/{version}/risk 200/status",
        lambda c: members(c, "RiskReport")["status"]["enum"].append("interrupted"),
    ),
    "an answer's pattern goes": (
        f"{LATEST} 200/covariance_ref/sha256",
        lambda c: set_to(members(c, "RefAnswer"), "sha256", {"type": "string"}),
    ),
    "a problem is answered no more": (
        f"{POST} 409",
        lambda c: operation(c, POST)["responses"]["409"]["content"]["application/problem+json"][
            "examples"
        ].pop("version-conflict"),
    ),
    "a schema file goes": ("schema stress-report", lambda c: c.schemas.pop("stress-report")),
    "a token's scope goes": (
        "schema token-list/tokens/*/scopes/*",
        lambda c: c.schemas["token-list"]["$defs"]["Token"]["properties"]["scopes"]["items"]["enum"].pop(),
    ),
    "an event's envelope loses an attribute": (
        "schema risk_snapshot_updated/subject",
        lambda c: (
            c.events["risk_snapshot_updated"]["properties"].pop("subject"),
            c.events["risk_snapshot_updated"]["required"].remove("subject"),
        ),
    ),
    "an event's data loses a member": (
        "schema exit_signal_emitted/data/action",
        lambda c: (
            c.events["exit_signal_emitted"]["$defs"]["ExitSignal"]["properties"].pop("action"),
            c.events["exit_signal_emitted"]["$defs"]["ExitSignal"]["required"].remove("action"),
        ),
    ),
    "an event type goes": ("schema stress_evaluated", lambda c: c.events.pop("stress_evaluated")),
    "a problem type goes": ("problem too-deep", lambda c: c.problems.pop("too-deep")),
    "a problem's status changes": (
        "problem contract-violation",
        lambda c: set_to(c.problems, "contract-violation", 400),
    ),
    "a limit falls": ("limit body_max_bytes", lambda c: set_to(c.limits, "body_max_bytes", 1_000)),
    "a minimum rises": ("limit as_of_min_year", lambda c: set_to(c.limits, "as_of_min_year", 2000)),
    "a served default changes": (
        "limit ttl_default_seconds",
        lambda c: set_to(c.limits, "ttl_default_seconds", 60),
    ),
    "a limit is served no more": ("limit id_max_chars", lambda c: c.limits.pop("id_max_chars")),
}

ADDITIONS: dict[str, Change] = {
    "an operation": lambda c: set_to(
        c.openapi["paths"], "/risk-hub/new", {"get": {"operationId": "new", "responses": {}}}
    ),
    "an optional parameter": lambda c: operation(c, LATEST)["parameters"].append(
        {"name": "book", "in": "query", "schema": {"type": "string"}}
    ),
    "an optional member of a request": lambda c: set_to(
        members(c, "SnapshotRequest"), "currency", {"type": "string"}
    ),
    "a form of a request's member": lambda c: members(c, "SnapshotRequest")["covariance"]["oneOf"].append(
        {"type": "string"}
    ),
    "a greater maximum of a request": lambda c: set_to(
        members(c, "SnapshotRequest")["ttl_sec"], "maximum", 172_800
    ),
    "a member that is required no more": lambda c: component(c, "SnapshotRequest")["required"].remove(
        "as_of"
    ),
    "a member of an answer": lambda c: (
        set_to(members(c, "SnapshotAnswer"), "currency", {"type": "string"}),
        component(c, "SnapshotAnswer")["required"].append("currency"),
    ),
    "a member of an open answer": lambda c: set_to(members(c, "ProblemAnswer"), "trace", {"type": "string"}),
    "an answer that may be less": lambda c: members(c, "RiskReport")["status"]["enum"].pop(),
    "a header of an answer": lambda c: set_to(
        operation(c, POST)["responses"]["201"]["headers"], "Age", {"schema": {"type": "string"}}
    ),
    "a refusal": lambda c: set_to(operation(c, POST)["responses"], "423", {"description": "Locked."}),
    "a problem type": lambda c: set_to(c.problems, "locked", 423),
    "an attribute of an event": lambda c: set_to(
        c.events["risk_evaluated"]["properties"], "region", {"type": "string"}
    ),
    "an event type": lambda c: set_to(c.events, "world_closed", {"type": "object"}),
    "a schema": lambda c: set_to(c.schemas, "world", {"type": "object"}),
    "a limit": lambda c: set_to(c.limits, "books_max_count", 3),
    "a greater limit": lambda c: set_to(c.limits, "weights_max_count", 20_000),
    "a deployment's choice": lambda c: set_to(c.limits, "inline_cov_threshold", 5_000),
    "a scope": lambda c: c.schemas["token-list"]["$defs"]["Token"]["properties"]["scopes"]["items"][
        "enum"
    ].append("new:scope"),
    "a description": lambda c: set_to(component(c, "SnapshotAnswer"), "description", "Other words."),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_planted_break_is_found_where_it_is(part: Contract, name: str) -> None:
    place, change = BREAKS[name]
    changed = copy.deepcopy(part)
    change(changed)
    found = [fault.place for fault in faults(part, changed)]
    assert any(each.startswith(place) for each in found), found


@pytest.mark.parametrize("name", ADDITIONS)
def test_an_addition_passes(part: Contract, name: str) -> None:
    changed = copy.deepcopy(part)
    ADDITIONS[name](changed)
    assert changed != part
    assert list(map(str, faults(part, changed))) == []


@pytest.mark.parametrize("name", ["example-of-hash", "example-of-refusal", "example-accepted"])
def test_a_golden_request_that_is_answered_otherwise_is_found(present: Contract, name: str) -> None:
    released = replace(present, examples=copy.deepcopy(present.examples))
    valid = next(each for each in released.examples if "content_hash" in each["expected"])
    refused = next(each for each in released.examples if "type" in each["expected"])
    if name == "example-of-hash":
        valid["expected"]["content_hash"] = "sha256:" + "0" * 64
    elif name == "example-of-refusal":
        refused["expected"]["status"] = 400 + refused["expected"]["status"] % 100 + 1
    else:
        valid["request"] = refused["request"]
    assert len(list(example_faults(released.examples))) == 1


def test_what_was_refused_may_be_accepted_one_day(present: Contract) -> None:
    released = replace(present, examples=copy.deepcopy(present.examples))
    valid = next(each for each in released.examples if "content_hash" in each["expected"])
    valid["expected"] = {"status": 422, "type": "urn:risk-hub:problem:contract-violation", "pointers": ["/x"]}
    assert list(example_faults(released.examples)) == []


def test_a_keyword_that_cannot_be_judged_is_named() -> None:
    was, now = {"type": "array", "contains": {"const": 1}}, {"type": "array"}
    for judge in (request_faults, answer_faults):
        (fault,) = judge((was, was), (now, now), "x")
        assert "cannot judge" in fault.sentence


def test_a_schema_that_refers_to_itself_is_compared_to_an_end() -> None:
    tree: dict[str, Any] = {
        "$defs": {
            "Tree": {"type": "object", "properties": {"children": {"items": {"$ref": "#/$defs/Tree"}}}}
        },
        "$ref": "#/$defs/Tree",
    }
    assert list(request_faults((tree, tree), (tree, tree), "x")) == []


def test_exclusive_bounds_are_bounds() -> None:
    loose, tight = {"type": "number", "minimum": 0}, {"type": "number", "exclusiveMinimum": 0}
    assert list(request_faults((tight, tight), (loose, loose), "x")) == []
    assert [fault.sentence for fault in request_faults((loose, loose), (tight, tight), "x")] != []


def test_this_tree_keeps_what_the_last_release_promised() -> None:
    assert main([]) == 0


def test_a_break_fails_the_command_and_is_named(
    present: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    released = copy.deepcopy(present)
    released.limits["weights_max_count"] = 20_000
    for name in ("openapi.json", "schemas", "examples"):
        (tmp_path / name).symlink_to(ROOT / "contracts" / name)
    released.freeze(tmp_path / "released" / "1.0.0")
    assert main(["--contracts", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "1 promise(s) of contract 1.0.0 are broken" in said
    assert "limit weights_max_count: was 20000 and is 10000" in said


def test_before_the_first_release_there_is_nothing_to_keep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--contracts", str(tmp_path)]) == 0
    assert "Nothing was released" in capsys.readouterr().out


def test_the_last_release_is_the_greatest_version_not_the_greatest_text(tmp_path: Path) -> None:
    for version in ("1.2.0", "1.10.0", "1.9.3"):
        (tmp_path / version).mkdir()
    assert last_release(tmp_path) == tmp_path / "1.10.0"


def test_the_first_release_is_frozen_whole() -> None:
    release = last_release()
    assert release is not None
    assert release.parent == RELEASED
    frozen = Contract.released(release)
    assert json.loads((release / "openapi.json").read_text()) == frozen.openapi
    assert frozen.examples
    assert frozen.events.keys() == {
        "exit_signal_emitted",
        "risk_evaluated",
        "risk_snapshot_updated",
        "stress_evaluated",
    }
