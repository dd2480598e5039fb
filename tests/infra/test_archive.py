"""Scope of the archive, its retention lock, and that removals are not copied."""

import json
import re
from collections.abc import Callable

import pytest

from infra.environments import ENVIRONMENTS
from tests.infra.assembly import Assembly, Properties, listed, only, referent

TABLES = {"snapshots", "worlds", "evaluations", "marks", "segments", "policies", "evaluation_runs"}
LOCK_DAYS = ENVIRONMENTS["prod"].archive_lock_days


def locked_bucket(assembly: Assembly) -> Properties:
    buckets = assembly.properties("data", "AWS::S3::Bucket")
    return only(each for each in buckets if "ObjectLockConfiguration" in each)


@pytest.mark.parametrize("stage", ["local", "dev", "staging"])
def test_only_production_is_archived(assembly: Callable[[str], Assembly], stage: str) -> None:
    assert ENVIRONMENTS[stage].archive_lock_days is None
    assert len(assembly(stage).properties("data", "AWS::S3::Bucket")) == len({"blobs", "anchors"})
    assert "ReplicationConfiguration" not in assembly(stage).blob_bucket()
    assert not assembly(stage).properties("data", "AWS::Backup::BackupVault")


def test_archive_bucket_has_a_compliance_lock_for_the_configured_days(prod: Assembly) -> None:
    bucket = locked_bucket(prod)
    assert bucket["ObjectLockEnabled"] is True
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "COMPLIANCE", "Days": LOCK_DAYS}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


def test_data_stack_of_an_archived_stage_outputs_the_archive_bucket_name(any_stage: Assembly) -> None:
    """`risk-hub holds` reads it; other stages have no such output, and the command says so."""
    archived = ENVIRONMENTS[any_stage.stage].archive_lock_days is not None
    assert ("ArchiveBucketName" in any_stage.template("data")["Outputs"]) is archived


def test_replication_copies_bodies_blobs_and_history_but_not_uploads_or_deletions(prod: Assembly) -> None:
    """The reaper removes as before; removed objects stay in the archive."""
    rules = prod.blob_bucket()["ReplicationConfiguration"]["Rules"]
    assert {rule["Filter"]["Prefix"] for rule in rules} == {"risk-bodies/", "risk-blobs/", "risk-history/"}
    assert {rule["DeleteMarkerReplication"]["Status"] for rule in rules} == {"Disabled"}
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    assert len({rule["Priority"] for rule in rules}) == len(rules)


def test_blob_bucket_has_no_object_lock(prod: Assembly) -> None:
    assert "ObjectLockConfiguration" not in prod.blob_bucket()


def test_replication_role_cannot_replicate_deletions(prod: Assembly) -> None:
    (policy,) = prod.properties("data", "AWS::IAM::Policy")
    granted = {
        (action, referent(resource))
        for statement in policy["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    read = ("GetObjectVersionAcl", "GetObjectVersionForReplication", "GetObjectVersionTagging")
    assert granted == {
        ("s3:GetReplicationConfiguration", "bucket"),
        ("s3:ListBucket", "bucket"),
        *(
            (f"s3:{action}", f"bucket/risk-{kind}/*")
            for action in read
            for kind in ("bodies", "blobs", "history")
        ),
        ("s3:ReplicateObject", "archive/*"),
    }


def test_every_table_is_backed_up_each_week_into_a_locked_vault(prod: Assembly) -> None:
    (vault,) = prod.properties("data", "AWS::Backup::BackupVault")
    assert vault["LockConfiguration"] == {"MinRetentionDays": LOCK_DAYS, "ChangeableForDays": 3}
    (plan,) = prod.properties("data", "AWS::Backup::BackupPlan")
    (rule,) = plan["BackupPlan"]["BackupPlanRule"]
    assert rule["ScheduleExpression"] == "cron(0 3 ? * SUN *)"
    assert rule["Lifecycle"]["DeleteAfterDays"] == LOCK_DAYS
    (selection,) = prod.properties("data", "AWS::Backup::BackupSelection")
    assert {referent(each) for each in selection["BackupSelection"]["Resources"]} == TABLES


def test_failed_backup_publishes_to_the_critical_alarm_topic(prod: Assembly) -> None:
    """Every final state of an AWS Backup job except success, in the text that alarm receivers read."""
    rule = only(
        each
        for each in prod.properties("operations", "AWS::Events::Rule")
        if each["Name"].endswith("archive-failed")
    )
    (vault,) = prod.properties("data", "AWS::Backup::BackupVault")
    detail = rule["EventPattern"]["detail"]
    assert detail["backupVaultName"] == [vault["BackupVaultName"]]
    assert set(detail["state"]) == {"ABORTED", "EXPIRED", "FAILED", "PARTIAL"}
    (target,) = rule["Targets"]
    topic = prod.resources("operations", "AWS::SNS::Topic")[target["Arn"]["Ref"]]["Properties"]
    assert topic["TopicName"] == "risk-hub-prod-alarms-critical"
    reported = json.loads(
        re.sub(r"<\w+(-\w+)*>", "x", target["InputTransformer"]["InputTemplate"]).replace(":x", ':"x"')
    )
    assert reported["AlarmDescription"].endswith("Runbook: docs/runbook/restore.md")
    assert {"AlarmName", "AlarmDescription", "NewStateValue", "NewStateReason", "StateChangeTime"} <= set(
        reported
    )


def test_archive_roles_trust_only_aws_backup_and_s3(prod: Assembly) -> None:
    roles = prod.properties("data", "AWS::IAM::Role")
    trusted = [each["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] for each in roles]
    assert sorted(trusted) == ["backup.amazonaws.com", "s3.amazonaws.com"]
