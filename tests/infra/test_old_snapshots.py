"""The table of snapshots of release 1.0 in a stage that keeps it: what an upgrade must find unchanged (ADR-0059)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.context_values import resolve_environment
from infra.errors import EnvironmentSpecError
from infra.names import old_snapshots_table_name, table_name
from tests.infra.assembly import Assembly, synthesize
from tools.upgrades.checked_out_release import ASSEMBLY, HistoryError, check_out_last_release

# Added to every table since release 1.0; CloudFormation adds it in place.
IN_PLACE = {"ResourcePolicy"}
IMPORTED = re.compile(r'"Fn::ImportValue": "([^"]+)"')


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synthesize("local", tmp_path_factory.mktemp("keeping"), old_snapshots="kept")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the templates of release 1.0.0 by part."""
    try:
        tree = check_out_last_release(tmp_path_factory.mktemp("released")).tree
    except HistoryError as error:
        pytest.skip(str(error))
    return {
        part: (tree / ASSEMBLY / f"RiskHub-local-{part}.template.json").read_text(encoding="utf-8")
        for part in ("data", "service")
    }


def table_named(resources: Any, name: str) -> tuple[str, Any]:
    (found,) = (
        (logical_id, each["Properties"])
        for logical_id, each in resources.items()
        if each["Type"] == "AWS::DynamoDB::Table" and each["Properties"]["TableName"] == name
    )
    return found


def exports(template: Any) -> dict[str, Any]:
    outputs = template["Outputs"].values()
    return {each["Export"]["Name"]: each["Value"] for each in outputs if "Export" in each}


def test_a_stage_that_keeps_the_old_table_changes_nothing_of_it_that_would_replace_it(
    keeping: Assembly, released: dict[str, str]
) -> None:
    name = old_snapshots_table_name("local")
    old_id, old = table_named(json.loads(released["data"])["Resources"], name)
    new_id, new = table_named(keeping.template("data")["Resources"], name)
    assert new_id == old_id
    assert {key: value for key, value in new.items() if key not in IN_PLACE} == old


def test_a_stage_that_keeps_the_old_table_exports_everything_that_the_released_service_imports(
    keeping: Assembly, released: dict[str, str]
) -> None:
    before, now = exports(json.loads(released["data"])), exports(keeping.template("data"))
    imported = set(IMPORTED.findall(released["service"]))
    assert imported
    assert {name: now.get(name) for name in imported} == {name: before[name] for name in imported}


def test_the_service_of_this_tree_uses_only_the_new_table(keeping: Assembly, local: Assembly) -> None:
    assert keeping.template("service") == local.template("service")


def test_the_new_table_has_a_different_logical_id(keeping: Assembly) -> None:
    resources = keeping.template("data")["Resources"]
    old_id, _ = table_named(resources, old_snapshots_table_name("local"))
    new_id, _ = table_named(resources, table_name("local", "snapshots"))
    assert old_id != new_id


def test_a_stage_has_no_old_table_unless_it_is_asked_to_keep_it(any_stage: Assembly) -> None:
    if any_stage.settings.old_snapshots:
        pytest.skip("this run tests an assembly that was asked to keep it")
    names = [each["TableName"] for each in any_stage.properties("data", "AWS::DynamoDB::Table")]
    assert old_snapshots_table_name(any_stage.stage) not in names


def test_prod_retains_the_old_table_when_it_leaves_the_stack(tmp_path: Path) -> None:
    resources = synthesize("prod", tmp_path, old_snapshots="kept").template("data")["Resources"]
    logical_id, properties = table_named(resources, old_snapshots_table_name("prod"))
    assert resources[logical_id]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert properties["DeletionProtectionEnabled"]


@pytest.mark.parametrize("text", ["yes", "true", "dropped"])
def test_another_text_than_kept_is_rejected(text: str) -> None:
    with pytest.raises(EnvironmentSpecError, match=f"old_snapshots '{text}': give kept"):
        resolve_environment("dev", old_snapshots=text)
