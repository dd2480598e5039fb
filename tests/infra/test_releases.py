"""Release of new code to callers: versions, the alias `live`, the canary and its rollback."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_cloudwatch import Alarm

from infra.cdk.constructs.function_code import placeholder_code
from infra.cdk.constructs.release import Releases
from infra.cdk.stacks.data import DataStack
from infra.cdk.stacks.hub import new_app
from infra.cdk.stacks.operations import OperationsStack
from infra.cdk.stacks.service import ServiceStack
from infra.context_values import resolve_environment
from infra.environments import ENVIRONMENTS
from infra.errors import EnvironmentSpecError
from infra.functions import API_FUNCTIONS, FUNCTION_FOLDERS
from tests.infra.assembly import Assembly, only

CODEDEPLOY_ALARMS_MAX_COUNT = 10
CANARY_STAGES = ("staging", "prod")


@pytest.fixture(params=CANARY_STAGES)
def canary_stage(request: pytest.FixtureRequest, assembly: Callable[[str], Assembly]) -> Assembly:
    found = assembly(request.param)
    if found.settings.rollout != "canary":
        pytest.skip("this assembly is rolled out at once: it repairs a stage with a firing alarm")
    return found


def alias_of(assembly: Assembly, folder: str) -> dict[str, Any]:
    functions = assembly.resources("service", "AWS::Lambda::Function")
    return only(
        alias
        for alias in assembly.resources("service", "AWS::Lambda::Alias").values()
        if functions[alias["Properties"]["FunctionName"]["Ref"]]["Properties"]["Handler"].split(".")[1]
        == folder
    )


def groups(assembly: Assembly) -> dict[str, dict[str, Any]]:
    found = assembly.properties("operations", "AWS::CodeDeploy::DeploymentGroup")
    return {each["DeploymentGroupName"]: each for each in found}


@pytest.mark.parametrize("stage", ["local", "dev"])
def test_local_and_dev_update_functions_in_place_without_aliases(
    assembly: Callable[[str], Assembly], stage: str
) -> None:
    found = assembly(stage)
    assert found.resources("service", "AWS::Lambda::Alias") == {}
    assert found.resources("service", "AWS::Lambda::Version") == {}
    assert groups(found) == {}


def test_only_api_functions_are_invoked_through_an_alias(canary_stage: Assembly) -> None:
    aliases = canary_stage.properties("service", "AWS::Lambda::Alias")
    assert {each["Name"] for each in aliases} == {"live"}
    assert len(aliases) == len(API_FUNCTIONS)
    called = {
        str(each["FunctionName"]) for each in canary_stage.properties("service", "AWS::Lambda::Permission")
    }
    assert called == {str({"Ref": name}) for name in canary_stage.resources("service", "AWS::Lambda::Alias")}


@pytest.mark.parametrize("folder", API_FUNCTIONS)
def test_alias_update_policy_names_an_existing_deployment_group(canary_stage: Assembly, folder: str) -> None:
    policy = alias_of(canary_stage, folder)["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    application = only(iter(canary_stage.properties("operations", "AWS::CodeDeploy::Application")))
    assert policy["ApplicationName"] == application["ApplicationName"]
    assert application["ComputePlatform"] == "Lambda"
    assert policy["DeploymentGroupName"] in groups(canary_stage)


def test_canary_release_shifts_ten_percent_and_rolls_back_on_an_alarm(canary_stage: Assembly) -> None:
    found = groups(canary_stage)
    assert len(found) == len(API_FUNCTIONS)
    for group in found.values():
        assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent10Minutes"
        rollback = group["AutoRollbackConfiguration"]
        assert rollback["Enabled"] is True
        assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(rollback["Events"])
        assert group["AlarmConfiguration"]["Enabled"] is True


def test_release_stops_on_the_expected_api_relay_and_worker_alarms(
    canary_stage: Assembly,
) -> None:
    alarms = canary_stage.resources("operations", "AWS::CloudWatch::Alarm")
    for group in groups(canary_stage).values():
        watched = {
            alarms[each["Name"]["Ref"]]["Properties"]["AlarmName"]
            for each in group["AlarmConfiguration"]["Alarms"]
        }
        prefix = f"risk-hub-{canary_stage.stage}-"
        assert {name.removeprefix(prefix) for name in watched} == {
            "api-server-errors",
            *(
                f"{folder}-errors"
                for folder in ("snapshot-writer", "snapshot-reader", "world-registry", "event-relay")
            ),
            *(f"{worker}-engine-message-failures" for worker in ("risk", "stress", "exit")),
            "relay-failures",
            "freshness-heartbeat",
        }
        assert len(watched) <= CODEDEPLOY_ALARMS_MAX_COUNT


def test_too_many_release_alarms_fail_the_synthesis() -> None:
    stack = Stack(App(), "Watched")
    alarms = [
        Alarm.from_alarm_arn(stack, f"Alarm{i}", f"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:a{i}")
        for i in range(CODEDEPLOY_ALARMS_MAX_COUNT + 1)
    ]
    with pytest.raises(ValueError, match="11 alarms stop a release; CodeDeploy accepts at most 10"):
        Releases(stack, "Releases", environment=ENVIRONMENTS["prod"], alarms=alarms)


def test_codedeploy_role_may_only_update_aliases_and_read_alarms(
    canary_stage: Assembly,
) -> None:
    policy = only(iter(canary_stage.properties("operations", "AWS::IAM::Policy")))["PolicyDocument"]
    moving, provisioned, alarms = policy["Statement"]
    functions = {
        f":function:risk-hub-{canary_stage.stage}-{folder.replace('_', '-')}" for folder in API_FUNCTIONS
    }
    aliases = {f"{function}:live" for function in functions}
    assert moving["Action"] == ["lambda:GetAlias", "lambda:UpdateAlias"]
    assert _named(moving) == functions | aliases, "IAM judges an alias's moves by the ARN of its function"
    assert provisioned["Action"] == "lambda:GetProvisionedConcurrencyConfig"
    assert _named(provisioned) == aliases
    assert (alarms["Action"], alarms["Resource"]) == ("cloudwatch:DescribeAlarms", "*")


def _named(statement: dict[str, Any]) -> set[str]:
    return {each["Fn::Join"][1][-1] for each in statement["Resource"]}


def test_at_once_rollout_keeps_aliases_and_deployment_groups_without_a_canary(tmp_path: Path) -> None:
    environment = resolve_environment("prod", allowed_networks="203.0.113.0/24", rollout="at_once")
    app = new_app(tmp_path / "cdk.out")
    stack = ServiceStack(
        app,
        environment=environment,
        data=DataStack(app, environment=environment),
        code=placeholder_code(tmp_path / "code"),
    )
    watching = OperationsStack(app, environment=environment)
    aliases = Template.from_stack(stack).find_resources("AWS::Lambda::Alias").values()
    assert [each["Properties"]["Name"] for each in aliases] == ["live"] * len(API_FUNCTIONS)
    assert not any("UpdatePolicy" in each for each in aliases)
    kept = Template.from_stack(watching).find_resources("AWS::CodeDeploy::DeploymentGroup")
    assert len(kept) == len(API_FUNCTIONS), "the next canary finds its groups before operations is deployed"


@pytest.mark.parametrize(
    ("stage", "requested"), [("dev", "at_once"), ("prod", "in_place"), ("prod", "canary")]
)
def test_unsupported_rollout_for_a_stage_is_rejected(stage: str, requested: str) -> None:
    with pytest.raises(EnvironmentSpecError, match=f"rollout '{requested}' on stage '{stage}'"):
        resolve_environment(stage, allowed_networks="203.0.113.0/24", rollout=requested)


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_f20_only_snapshot_writer_and_reader_use_snap_start(any_stage: Assembly, folder: str) -> None:
    snap_start = any_stage.function(folder).get("SnapStart")
    from_image = any_stage.stage in CANARY_STAGES and folder in {"snapshot_writer", "snapshot_reader"}
    assert snap_start == ({"ApplyOn": "PublishedVersions"} if from_image else None)
