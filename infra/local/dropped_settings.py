"""Settings that the emulator's CloudFormation ignores silently, read from the template and set by API."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from infra.local.assembly import Template
from infra.local.aws import LocalAws
from infra.local.deploy import physical_ids

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAYS_FIELDS: Final = {"ExpirationInDays": "Days", "ExpirationDate": "Date"}


def apply_dropped_settings(aws: LocalAws, template: Template) -> None:
    """Apply DynamoDB TTL and point-in-time recovery, S3 lifecycle rules and Object Lock to a deployed stack."""
    physical = physical_ids(aws.client("cloudformation"), template.stack_name)
    dynamodb, s3 = aws.client("dynamodb"), aws.client("s3")
    for logical_id, properties in template.resources("AWS::DynamoDB::Table").items():
        apply_table_settings(dynamodb, physical[logical_id], properties)
    for logical_id, properties in template.resources("AWS::S3::Bucket").items():
        if properties.get("ObjectLockEnabled"):
            lock: Any = {"ObjectLockEnabled": "Enabled"}
            s3.put_object_lock_configuration(Bucket=physical[logical_id], ObjectLockConfiguration=lock)
        if "LifecycleConfiguration" in properties:
            rules = [lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
            s3.put_bucket_lifecycle_configuration(
                Bucket=physical[logical_id], LifecycleConfiguration={"Rules": rules}
            )


def apply_table_settings(dynamodb: "DynamoDBClient", table: str, properties: Mapping[str, Any]) -> None:
    """Turn on a table's TTL and point-in-time recovery where its template says so; safe to repeat."""
    ttl = properties.get("TimeToLiveSpecification")
    state = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]
    if ttl is not None and state == "DISABLED":
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=ttl)
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery is not None:
        dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)


def lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Convert one lifecycle rule from CloudFormation's property names to the S3 API's."""
    translated: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        translated["ID"] = rule["Id"]
    expiration = {name: rule[given] for given, name in DAYS_FIELDS.items() if given in rule}
    if expiration:
        translated["Expiration"] = expiration
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            translated[name] = rule[name]
    if "Transitions" in rule:
        translated["Transitions"] = [
            {"StorageClass": each["StorageClass"], "Days": each["TransitionInDays"]}
            for each in rule["Transitions"]
        ]
    return translated
