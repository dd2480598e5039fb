import json
from collections.abc import Callable

import pytest

from infra.environments import ENVIRONMENTS
from infra.names import TableName, table_purpose
from tests.infra.assembly import Assembly, only

KEYS: dict[TableName, tuple[str, str]] = {
    "snapshots": ("world_id", "version"),
    "worlds": ("world_id", "stage"),
    "evaluations": ("world_id", "evaluation_id"),
    "marks": ("world_id", "mark"),
    "segments": ("world_id", "segment_order"),
    "policies": ("policy_group", "policy_record"),
    "evaluation_runs": ("run_key", "run_sequence"),
}
FILTERED = ["expiry_order", "actor", "created_at"]
MATCHED = ["stage_time_order", "actor", "created_at"]


@pytest.mark.parametrize(("table", "keys"), KEYS.items())
def test_tables_have_the_expected_partition_and_sort_keys(
    local: Assembly,
    table: TableName,
    keys: tuple[str, str],
) -> None:
    properties = local.table(table)["Properties"]
    assert [(key["AttributeName"], key["KeyType"]) for key in properties["KeySchema"]] == [
        (keys[0], "HASH"),
        (keys[1], "RANGE"),
    ]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_every_table_key_is_a_string(local: Assembly) -> None:
    for table in KEYS:
        attributes = local.table(table)["Properties"]["AttributeDefinitions"]
        assert {each["AttributeType"] for each in attributes} == {"S"}


def test_snapshots_table_has_local_indexes_of_keys_and_filtered_attributes(local: Assembly) -> None:
    indexes = {
        each["IndexName"]: (each["KeySchema"][1]["AttributeName"], each["Projection"])
        for each in local.table("snapshots")["Properties"]["LocalSecondaryIndexes"]
    }
    assert indexes == {
        "by_as_of": ("time_order", {"ProjectionType": "INCLUDE", "NonKeyAttributes": FILTERED}),
        "by_stage": ("stage_time_order", {"ProjectionType": "INCLUDE", "NonKeyAttributes": FILTERED}),
        "by_expiry": ("expiry_order", {"ProjectionType": "INCLUDE", "NonKeyAttributes": MATCHED}),
    }


def test_snapshots_table_has_a_new_name_because_its_local_indexes_changed(any_stage: Assembly) -> None:
    name = any_stage.table("snapshots")["Properties"]["TableName"]
    assert name == f"risk-hub-{any_stage.stage}-snapshots-2"
    assert table_purpose(name) == "snapshots"


@pytest.mark.parametrize(
    "table", ["worlds", "evaluations", "marks", "segments", "policies", "evaluation_runs"]
)
def test_only_the_snapshots_table_has_local_indexes(local: Assembly, table: TableName) -> None:
    assert "LocalSecondaryIndexes" not in local.table(table)["Properties"]


@pytest.mark.parametrize("table", ["snapshots", "worlds", "marks", "segments"])
def test_tables_without_lists_of_their_own_have_no_global_index(local: Assembly, table: TableName) -> None:
    assert "GlobalSecondaryIndexes" not in local.table(table)["Properties"]


def test_exit_signals_are_listed_through_a_sparse_global_index(local: Assembly) -> None:
    (index,) = local.table("evaluations")["Properties"]["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": "by_emission",
        "KeySchema": [
            {"AttributeName": "world_id", "KeyType": "HASH"},
            {"AttributeName": "signal_order", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["report", "stage"]},
    }


@pytest.mark.parametrize("table", ["snapshots", "evaluations"])
def test_snapshots_and_evaluations_tables_have_ttl_and_a_stream(local: Assembly, table: TableName) -> None:
    properties = local.table(table)["Properties"]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "retain_until", "Enabled": True}
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}


@pytest.mark.parametrize("table", ["marks", "segments"])
def test_marks_and_segments_tables_have_ttl_and_no_stream(local: Assembly, table: TableName) -> None:
    properties = local.table(table)["Properties"]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "retain_until", "Enabled": True}
    assert "StreamSpecification" not in properties


def test_policies_are_listed_through_a_global_index_without_their_documents(local: Assembly) -> None:
    (index,) = local.table("policies")["Properties"]["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": "by_policy",
        "KeySchema": [
            {"AttributeName": "list_group", "KeyType": "HASH"},
            {"AttributeName": "list_order", "KeyType": "RANGE"},
        ],
        "Projection": {
            "ProjectionType": "INCLUDE",
            "NonKeyAttributes": ["policy_hash", "owner", "stored_at", "stored_by", "request_id"],
        },
    }


def test_runs_are_listed_through_sparse_global_indexes_and_anchored_by_the_hour(local: Assembly) -> None:
    indexes = {
        each["IndexName"]: (
            *(key["AttributeName"] for key in each["KeySchema"]),
            each["Projection"]["NonKeyAttributes"],
        )
        for each in local.table("evaluation_runs")["Properties"]["GlobalSecondaryIndexes"]
    }
    assert indexes == {
        "by_world": ("list_world", "created_order", ["entry"]),
        "by_strategy": ("list_strategy", "created_order", ["entry"]),
        "by_stage": ("list_stage", "created_order", ["entry"]),
        "by_status": ("list_status", "created_order", ["entry"]),
        "by_stage_and_status": ("list_stage_status", "created_order", ["entry"]),
        "by_snapshot": ("list_snapshot", "created_order", ["entry"]),
        "by_hour": ("recorded_hour", "run_key", ["sha256"]),
    }


def test_runs_table_has_a_stream_of_new_items(local: Assembly) -> None:
    properties = local.table("evaluation_runs")["Properties"]
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}


@pytest.mark.parametrize("table", ["worlds", "policies"])
def test_worlds_and_policies_tables_have_neither_ttl_nor_stream(local: Assembly, table: TableName) -> None:
    properties = local.table(table)["Properties"]
    assert "TimeToLiveSpecification" not in properties
    assert "StreamSpecification" not in properties


@pytest.mark.parametrize("table", KEYS)
def test_table_protection_follows_the_stage_settings(any_stage: Assembly, table: TableName) -> None:
    stage, resource = ENVIRONMENTS[any_stage.stage], any_stage.table(table)
    properties = resource["Properties"]
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["DeletionProtectionEnabled"] is stage.deletion_protection
    recovery = properties["PointInTimeRecoverySpecification"]
    assert recovery == {"PointInTimeRecoveryEnabled": stage.point_in_time_recovery}
    assert resource["DeletionPolicy"] == ("RetainExceptOnCreate" if stage.retain_data else "Delete")


def test_production_data_is_retained_when_its_stack_is_deleted(prod: Assembly) -> None:
    kept = {
        each["Type"]: each["DeletionPolicy"]
        for each in prod.template("data")["Resources"].values()
        if "DeletionPolicy" in each
    }
    assert kept == dict.fromkeys(
        [
            "AWS::Backup::BackupVault",
            "AWS::DynamoDB::Table",
            "AWS::S3::Bucket",
            "AWS::SecretsManager::Secret",
        ],
        "RetainExceptOnCreate",
    )


@pytest.mark.parametrize(("stage", "protected"), [("local", False), ("staging", False), ("prod", True)])
def test_only_production_stacks_have_termination_protection(
    assembly: Callable[[str], Assembly],
    stage: str,
    protected: bool,  # noqa: FBT001
) -> None:
    manifest = json.loads((assembly(stage).folder / "manifest.json").read_text(encoding="utf-8"))
    stacks = [each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"]
    assert {each["properties"].get("terminationProtection", False) for each in stacks} == {protected}


def test_every_stack_has_project_and_stage_tags(any_stage: Assembly) -> None:
    """The tags belong to the stack and CloudFormation passes them on, so templates do not grow."""
    manifest = json.loads((any_stage.folder / "manifest.json").read_text(encoding="utf-8"))
    stacks = [each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"]
    assert {tuple(each["properties"]["tags"].items()) for each in stacks} == {
        (("project", "risk-hub"), ("stage", any_stage.stage))
    }


def test_the_bucket_is_private_and_encrypted(any_stage: Assembly) -> None:
    bucket = any_stage.blob_bucket()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_bucket_is_versioned_where_tables_have_point_in_time_recovery(any_stage: Assembly) -> None:
    bucket = any_stage.blob_bucket()
    versioned = bucket.get("VersioningConfiguration") == {"Status": "Enabled"}
    assert versioned is ENVIRONMENTS[any_stage.stage].point_in_time_recovery


def test_bucket_lifecycle_expires_uploads_but_never_blobs(any_stage: Assembly) -> None:
    bucket = any_stage.blob_bucket()
    upkeep, uploads, history = bucket["LifecycleConfiguration"]["Rules"]
    assert upkeep["Status"] == uploads["Status"] == history["Status"] == "Enabled"
    assert upkeep["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert not {"ExpirationInDays", "ExpirationDate"} & set(upkeep)
    assert (uploads["Prefix"], uploads["ExpirationInDays"]) == ("risk-uploads/", 1)


def test_history_expires_a_month_after_the_retention_of_its_stage(any_stage: Assembly) -> None:
    """A segment is written later than its snapshots were committed, and TTL removes its row within days."""
    history = any_stage.blob_bucket()["LifecycleConfiguration"]["Rules"][2]
    assert history["Prefix"] == "risk-history/"
    assert history["ExpirationInDays"] == ENVIRONMENTS[any_stage.stage].history_retention_days + 30
    assert not {"NoncurrentVersionExpiration", "Transitions"} & set(history)


def test_token_secret_in_the_template_is_an_empty_list(any_stage: Assembly) -> None:
    secret = only(iter(any_stage.properties("data", "AWS::SecretsManager::Secret")))
    assert json.loads(secret["SecretString"]) == {"tokens": []}


def test_data_stack_outputs_token_secret_bucket_and_table_names(any_stage: Assembly) -> None:
    assert {
        "TokensSecretArn",
        "BucketName",
        "SnapshotsTableName",
        "WorldsTableName",
        "EvaluationsTableName",
    } <= set(any_stage.template("data")["Outputs"])


def test_data_stack_contains_only_storage_catalog_and_archive_resources(any_stage: Assembly) -> None:
    types = {each["Type"].split("::")[1] for each in any_stage.template("data")["Resources"].values()}
    archiving = {"Backup", "IAM"} if ENVIRONMENTS[any_stage.stage].archive_lock_days else set()
    assert types == {"DynamoDB", "Glue", "S3", "SecretsManager"} | archiving
