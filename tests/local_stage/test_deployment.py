"""The committed template is deployed, and settings that the emulator drops silently are applied after it."""

import io
import json
import re
import zipfile
from typing import Any

import pytest

from infra.bundles.contents import PROJECT
from infra.local.assembly import Template, read_assembly
from infra.local.bring_up import RunningStage
from infra.local.code_zip import build_code_zip
from infra.local.deploy import physical_ids
from infra.local.dropped_settings import apply_table_settings, lifecycle_rule

TEMPLATES = {template.stack_name: template for template in read_assembly().templates}


def resources(stage: RunningStage, stack: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return physical id -> template properties of a type."""
    ids = physical_ids(stage.aws.client("cloudformation"), stack)
    return {ids[name]: properties for name, properties in TEMPLATES[stack].resources(kind).items()}


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_committed_template_is_deployed_unchanged(stage: RunningStage, name: str) -> None:
    deployed = stage.aws.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    document = deployed if isinstance(deployed, dict) else json.loads(deployed)
    assert document == json.loads(TEMPLATES[name].body)


def test_only_data_and_service_are_deployed(stage: RunningStage) -> None:
    stacks = stage.aws.client("cloudformation").describe_stacks()["Stacks"]
    assert {stack["StackName"] for stack in stacks} == {"RiskHub-local-data", "RiskHub-local-service"}
    assert not stage.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]


def test_dynamodb_ttl_is_enabled_as_in_the_template(stage: RunningStage) -> None:
    client = stage.aws.client("dynamodb")
    declared, found = {}, {}
    for table, properties in resources(stage, "RiskHub-local-data", "AWS::DynamoDB::Table").items():
        state = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        found[table] = state.get("AttributeName") if state["TimeToLiveStatus"] == "ENABLED" else None
        declared[table] = properties.get("TimeToLiveSpecification", {}).get("AttributeName")
    assert found == declared
    assert list(declared.values()).count("retain_until") == 4


def test_s3_lifecycle_rules_are_enabled_as_in_the_template(stage: RunningStage) -> None:
    client = stage.aws.client("s3")
    buckets = resources(stage, "RiskHub-local-data", "AWS::S3::Bucket")
    with_rules = {name: rules for name, rules in _lifecycle_rules(buckets).items() if rules}
    assert with_rules
    for bucket, declared in with_rules.items():
        rules = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert len(rules) == len(declared)
        assert all(rule["Status"] == "Enabled" for rule in rules)


def test_nothing_expires_in_the_bucket_of_anchors(stage: RunningStage) -> None:
    buckets = resources(stage, "RiskHub-local-data", "AWS::S3::Bucket")
    without_rules = [name for name, rules in _lifecycle_rules(buckets).items() if not rules]
    assert len(without_rules) == 1
    assert buckets[without_rules[0]]["ObjectLockEnabled"]


def _lifecycle_rules(buckets: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the lifecycle rules of the template by bucket."""
    return {
        name: properties.get("LifecycleConfiguration", {}).get("Rules", [])
        for name, properties in buckets.items()
    }


def test_point_in_time_recovery_is_applied_from_the_template(stage: RunningStage) -> None:
    client = stage.aws.client("dynamodb")
    client.create_table(
        TableName="recovery-test",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
    )
    apply_table_settings(
        client, "recovery-test", {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    )
    answer = client.describe_continuous_backups(TableName="recovery-test")
    recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_lifecycle_rule_is_converted_to_the_s3_api_format() -> None:
    declared = {
        "Id": "sweep",
        "Status": "Enabled",
        "Prefix": "risk-blobs/",
        "ExpirationInDays": 30,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
        "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 10}],
    }
    assert lifecycle_rule(declared) == {
        "ID": "sweep",
        "Status": "Enabled",
        "Filter": {"Prefix": "risk-blobs/"},
        "Expiration": {"Days": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
        "Transitions": [{"StorageClass": "STANDARD_IA", "Days": 10}],
    }


def test_every_handler_is_in_the_code_zip_of_its_asset_key(stage: RunningStage) -> None:
    functions = TEMPLATES["RiskHub-local-service"].resources("AWS::Lambda::Function")
    assert {each["Code"]["S3Key"] for each in functions.values()} == set(read_assembly().asset_keys.values())
    for properties in functions.values():
        module = properties["Handler"].rpartition(".")[0]
        assert f"{module.replace('.', '/')}.py" in stored_names(stage, properties["Code"]["S3Key"])


def stored_names(stage: RunningStage, key: str) -> list[str]:
    answer = stage.aws.client("s3").get_object(Bucket=read_assembly().asset_bucket, Key=key)
    with zipfile.ZipFile(io.BytesIO(answer["Body"].read())) as archive:
        return archive.namelist()


def test_hub_code_zip_excludes_risk_infra_and_tests() -> None:
    with zipfile.ZipFile(io.BytesIO(build_code_zip("hub"))) as archive:
        names = archive.namelist()
    assert "functions/wiring/settings.py" in names
    risk_only = ("functions/risk_engine/", "functions/evaluation/risk/", "functions/measures/covariance/")
    assert all((PROJECT / folder).is_dir() for folder in risk_only)
    assert not [name for name in names if name.startswith((*risk_only, "infra/", "tests/", "tools/"))]


def test_every_stream_mapping_sets_a_maximum_record_age(stage: RunningStage) -> None:
    mappings = stage.aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    streams = [each for each in mappings if "/stream/" in each["EventSourceArn"]]
    assert len(streams) == 2
    assert all(0 < each["MaximumRecordAgeInSeconds"] <= 3600 for each in streams)


def test_event_rules_target_only_queues() -> None:
    """A schedule may invoke a function directly: the next run makes up for a failed one."""
    rules = TEMPLATES["RiskHub-local-service"].resources("AWS::Events::Rule")
    queues = TEMPLATES["RiskHub-local-service"].resources("AWS::SQS::Queue")
    targets = [target for rule in rules.values() if "EventPattern" in rule for target in rule["Targets"]]
    assert targets
    assert all(target["Arn"]["Fn::GetAtt"][0] in queues for target in targets)


def test_a_schedule_is_in_utc() -> None:
    declared = [each for template in TEMPLATES.values() for each in schedules(template)]
    assert all(each.get("ScheduleExpressionTimezone", "UTC") == "UTC" for each in declared)


def schedules(template: Template) -> list[dict[str, Any]]:
    return list(template.resources("AWS::Scheduler::Schedule").values())


def test_presigned_url_uses_signature_version_4(stage: RunningStage) -> None:
    assembly = read_assembly()
    place = {"Bucket": assembly.asset_bucket, "Key": assembly.asset_keys["hub"]}
    url = stage.aws.client("s3").generate_presigned_url("get_object", Params=place, ExpiresIn=60)
    assert re.search("X-Amz-Algorithm=AWS4-HMAC-SHA256", url)
