"""The suites that fakes and moto pass, passed by the real adapters on the local stage's own AWS."""

import secrets

import pytest

from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.adapters.s3_blobs import S3Blobs
from infra.local.bring_up import OpenStage
from tests.adapters import test_blob_store, test_snapshot_store, test_world_store
from tests.adapters.conftest import TABLE_PROPERTIES, declared_tables

BUCKET = "blobs"
NEEDS_MOTO = {"test_the_url_is_signed_with_version_4"}

for suite in (test_snapshot_store, test_world_store, test_blob_store):
    globals().update(
        {
            name: test
            for name, test in vars(suite).items()
            if name.startswith("test_") and callable(test) and name not in NEEDS_MOTO
        }
    )


def table(stage: OpenStage, purpose: str) -> str:
    """Create an empty table as the template declares it."""
    declared = declared_tables()[purpose]
    name = f"{purpose}-{secrets.token_hex(4)}"
    wanted = {key: declared[key] for key in TABLE_PROPERTIES if key in declared}
    wanted.pop("StreamSpecification", None)
    stage.aws.client("dynamodb").create_table(TableName=name, **wanted)
    return name


def bucket(stage: OpenStage) -> str:
    stage.aws.client("s3").create_bucket(Bucket=BUCKET)
    return BUCKET


@pytest.fixture
def store(stage: OpenStage) -> DynamoDBSnapshots:
    bodies = BodyStore(stage.aws.client("s3"), bucket(stage))
    return DynamoDBSnapshots(stage.aws.client("dynamodb"), table(stage, "snapshots"), bodies)


@pytest.fixture
def worlds(stage: OpenStage) -> DynamoDBWorlds:
    return DynamoDBWorlds(stage.aws.client("dynamodb"), table(stage, "worlds"))


@pytest.fixture
def blobs(stage: OpenStage) -> S3Blobs:
    return S3Blobs(stage.aws.client("s3"), bucket(stage))
