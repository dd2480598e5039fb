import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from risk_hub_contracts.api import queries
from risk_hub_contracts.api.generate import HOME, differences, generated_files, main, write
from risk_hub_contracts.api.openapi.document import openapi_document
from risk_hub_contracts.api.schemas import schema_files
from risk_hub_contracts.base.problems import PROBLEMS

OPERATIONS = [
    (path, verb)
    for path, item in openapi_document()["paths"].items()
    for verb in ("get", "put", "post", "delete")
    if verb in item
]


def operation(path: str, verb: str) -> dict[str, Any]:
    found: dict[str, Any] = openapi_document()["paths"][path][verb]
    return found


def test_committed_files_match_the_models() -> None:
    assert list(differences(HOME, generated_files())) == []


def test_generating_twice_gives_the_same_bytes() -> None:
    assert generated_files() == generated_files()


def test_check_passes_on_freshly_generated_files(tmp_path: Path) -> None:
    assert main(["--home", str(tmp_path)]) == 0
    assert main(["--home", str(tmp_path), "--check"]) == 0


@pytest.mark.parametrize("damage", ["changed", "missing", "left over"])
def test_check_fails_and_prints_the_diff_of_the_differing_file(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    write(tmp_path, generated_files())
    target = tmp_path / "schemas" / ("old.json" if damage == "left over" else "health.json")
    if damage == "missing":
        target.unlink()
    else:
        target.write_text("{}\n", encoding="utf-8")
    assert main(["--home", str(tmp_path), "--check"]) == 1
    output = capsys.readouterr().err
    assert "1 generated file(s) differ" in output
    assert "make contracts" in output
    assert f"+++ generated/schemas/{target.name}" in output


def test_writing_removes_files_that_are_no_longer_generated(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/old.json").write_text("{}", encoding="utf-8")
    write(tmp_path, {"openapi.json": "{}"})
    assert sorted(file.name for file in tmp_path.rglob("*.json")) == ["openapi.json"]


def test_generate_check_succeeds_when_run_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "risk_hub_contracts.api.generate", "--check"],
        env={**os.environ, "PYTHONPATH": str(HOME / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(schema_files()))
def test_every_schema_is_valid_and_has_a_urn_id(name: str) -> None:
    schema = schema_files()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith(f"urn:risk-hub:schema:{name}:")


def test_request_schema_is_nullable_only_for_missing_observations_of_returns() -> None:
    schema = schema_files()["snapshot-request"]
    returns = json.dumps(schema["properties"].pop("realized_returns"))
    assert returns.count('"null"') == 2  # of a map and of a bare series
    assert '"null"' not in json.dumps(schema)


@pytest.mark.parametrize(("path", "verb"), OPERATIONS)
def test_every_error_response_example_is_a_problem_document_with_its_status(path: str, verb: str) -> None:
    schema = schema_files()["problem"]
    for status, response in operation(path, verb)["responses"].items():
        if int(status) < 400:
            continue
        for example in response["content"]["application/problem+json"]["examples"].values():
            jsonschema.validate(example["value"], schema)
            assert example["value"]["status"] == int(status)


def test_every_registered_problem_is_documented_by_an_operation() -> None:
    declared = {
        slug
        for path, verb in OPERATIONS
        for response in operation(path, verb)["responses"].values()
        for slug in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    # 405 answers a method that no operation has.
    assert set(PROBLEMS) - declared == {"method-not-allowed"}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("latest", queries.LatestQuery),
        ("lookup", queries.LookupQuery),
        ("", queries.ListQuery),
    ],
)
def test_documented_query_parameters_match_the_query_models(
    path: str, model: type[queries.LatestQuery]
) -> None:
    found = operation("/risk-hub/worlds/{world_id}/snapshots" + (path and f"/{path}"), "get")["parameters"]
    names = {parameter["name"] for parameter in found if parameter["in"] == "query"}
    assert names == {field.alias or name for name, field in model.model_fields.items()}
    assert "null" not in json.dumps(found)


def test_every_openapi_reference_resolves() -> None:
    document = openapi_document()
    for reference in set(_references(document)):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for child in node.values() for found in _references(child)]
    return [found for child in node for found in _references(child)] if isinstance(node, list) else []


@pytest.mark.parametrize("status", ["429", "503", "504"])
def test_api_description_declares_retry_after_on_each_status_to_repeat(status: str) -> None:
    found = [
        "Retry-After" in item[method]["responses"][status]["headers"]
        for item in openapi_document()["paths"].values()
        for method in item.keys() & {"get", "put", "post", "delete"}
    ]
    assert found
    assert all(found)
