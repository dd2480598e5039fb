"""Real adapters on moto, with the tables that the committed local template declares."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.names import table_purpose
from tests.fakes.moto_bounds import refuse_reversed_bounds
from tests.fakes.moto_indexes import fetch_through_local_indexes

ASSEMBLY = Path(__file__).parents[2] / "infra" / "assembly" / "local"
REGION = "us-east-1"
TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "BillingMode",
    "StreamSpecification",
)


@pytest.fixture(autouse=True)
def _aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def declared_tables() -> dict[str, dict[str, Any]]:
    """Return each table's properties by its purpose (`snapshots`, `worlds`, `evaluations`)."""
    templates = [json.loads(path.read_text(encoding="utf-8")) for path in ASSEMBLY.glob("*.template.json")]
    resources = [resource for template in templates for resource in template["Resources"].values()]
    tables = [r["Properties"] for r in resources if r["Type"] == "AWS::DynamoDB::Table"]
    return {table_purpose(table["TableName"]): table for table in tables}


def create_table(purpose: str) -> str:
    """Create the declared table in moto and return its name."""
    fetch_through_local_indexes()
    refuse_reversed_bounds()
    declared = declared_tables()[purpose]
    wanted = {name: declared[name] for name in TABLE_PROPERTIES if name in declared}
    if "StreamSpecification" in wanted:
        wanted["StreamSpecification"] = {**wanted["StreamSpecification"], "StreamEnabled": True}
    boto3.client("dynamodb").create_table(TableName=purpose, **wanted)
    return purpose


@pytest.fixture
def bucket(aws: None) -> str:  # noqa: ARG001
    boto3.client("s3").create_bucket(Bucket="blobs")
    return "blobs"
