"""The Glue table over the history: its columns are the schema's members, its partitions the keys of segments."""

import json
from typing import Any

from functions.history.segment import object_key
from infra import names
from infra.cdk.constructs.history_catalog import COLUMNS, PARTITIONS
from risk_hub_contracts.api.history_answers import HistoryRow
from tests.infra.assembly import Assembly, only
from tools.event_samples.emitted import ROOT


def table(assembly: Assembly) -> dict[str, Any]:
    """Return the table's input."""
    found: dict[str, Any] = only(iter(assembly.properties("data", "AWS::Glue::Table")))["TableInput"]
    return found


def columns(described: list[dict[str, str]]) -> dict[str, str]:
    return {each["Name"]: each["Type"] for each in described}


def text(value: Any) -> str:
    """Return a text of the template, with `BUCKET` for the bucket's name."""
    if isinstance(value, str):
        return value
    return "".join(each if isinstance(each, str) else "BUCKET" for each in value["Fn::Join"][1])


def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "schemas" / "history_row.json").read_text(encoding="utf-8"))
    return loaded


def test_columns_and_partitions_of_the_table_are_the_members_of_the_schema_and_the_day(
    any_stage: Assembly,
) -> None:
    described = table(any_stage)
    names_of_columns = list(columns(described["StorageDescriptor"]["Columns"]))
    assert columns(described["StorageDescriptor"]["Columns"]) == COLUMNS
    assert columns(described["PartitionKeys"]) == PARTITIONS
    assert ["world_id", *names_of_columns] == list(members_of_a_row())
    assert not set(names_of_columns) & set(PARTITIONS)


def members_of_a_row() -> list[str]:
    """Return the members of a row in the order of the model; the file of the schema is sorted."""
    assert set(HistoryRow.__annotations__) == set(schema()["properties"]) == set(schema()["required"])
    return list(HistoryRow.__annotations__)


def test_integers_of_the_schema_are_bigint_columns_and_everything_else_is_text() -> None:
    properties = schema()["properties"]
    integers = {name for name, member in properties.items() if member.get("type") == "integer"}
    assert {name for name, kind in COLUMNS.items() if kind == "bigint"} == integers
    assert set(COLUMNS.values()) == {"bigint", "string"}


def test_location_of_a_partition_is_the_prefix_of_its_segments(any_stage: Assembly) -> None:
    template = text(table(any_stage)["Parameters"]["storage.location.template"])
    prefix = template.replace("${world_id}", "us20").replace("${day}", "2026-01-05")
    key = object_key("us20", "2026-01-05", "20260105T120000-abc")
    assert f"s3://BUCKET/{key}".startswith(prefix)
    assert prefix.endswith("/day=2026-01-05/")
    assert (
        text(table(any_stage)["StorageDescriptor"]["Location"])
        == f"s3://BUCKET/{names.HISTORY_SNAPSHOTS_PREFIX}"
    )


def test_partitions_are_projected_so_that_no_crawler_is_needed(any_stage: Assembly) -> None:
    parameters = table(any_stage)["Parameters"]
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.world_id.type"] == "injected"
    assert (parameters["projection.day.type"], parameters["projection.day.format"]) == ("date", "yyyy-MM-dd")
    assert parameters["projection.day.range"] == "1990-01-01,NOW+1DAYS"
    types = {each["Type"] for each in any_stage.template("data")["Resources"].values()}
    assert not {"AWS::Glue::Crawler", "AWS::Glue::Partition"} & types


def test_lines_are_read_as_json_whose_keys_keep_their_case(any_stage: Assembly) -> None:
    """Asset ids are keys of the document; without this setting the SerDe returns them in lower case."""
    serde = table(any_stage)["StorageDescriptor"]["SerdeInfo"]
    assert serde == {
        "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
        "Parameters": {"case.insensitive": "FALSE"},
    }


def test_database_has_the_name_of_its_stage(any_stage: Assembly) -> None:
    database = only(iter(any_stage.properties("data", "AWS::Glue::Database")))
    assert database["DatabaseInput"]["Name"] == f"risk_hub_{any_stage.stage}"
    reference = only(iter(any_stage.properties("data", "AWS::Glue::Table")))["DatabaseName"]["Ref"]
    assert any_stage.template("data")["Resources"][reference]["Type"] == "AWS::Glue::Database"
