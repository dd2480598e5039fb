import ast
from pathlib import Path
from typing import Any

import pytest

from infra.environments import ENVIRONMENTS
from infra.functions import BUNDLE_OF, FUNCTION_FOLDERS, FUNCTIONS, WORKER_EVENTS
from infra.names import BUNDLE_GROUPS, RETENTION_DAYS, FunctionFolder
from tests.infra.assembly import Assembly, referent, synthesize

COMMON = {
    "RISK_HUB_DEPLOYMENT_STAGE",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
}
REFERENTS = {
    "RISK_HUB_SNAPSHOTS_TABLE": "snapshots",
    "RISK_HUB_WORLDS_TABLE": "worlds",
    "RISK_HUB_EVALUATIONS_TABLE": "evaluations",
    "RISK_HUB_MARKS_TABLE": "marks",
    "RISK_HUB_POLICIES_TABLE": "policies",
    "RISK_HUB_EVALUATION_RUNS_TABLE": "evaluation_runs",
    "RISK_HUB_SEGMENTS_TABLE": "segments",
    "RISK_HUB_BUCKET": "bucket",
    "RISK_HUB_ANCHOR_BUCKET": "anchors",
    "RISK_HUB_TOKENS_SECRET_ARN": "tokens",
    "RISK_HUB_BUS_NAME": "bus",
    "RISK_HUB_FAILURE_QUEUE_URL": "relay-failures",
}


def test_functions_have_no_reserved_concurrency_by_default(any_stage: Assembly) -> None:
    """Except of the mover, which runs once at a time."""
    for folder in set(FUNCTION_FOLDERS) - {"snapshot_mover"}:
        assert "ReservedConcurrentExecutions" not in any_stage.function(folder)


def test_configured_reserved_concurrency_is_set_on_writer_and_reader_only(tmp_path: Path) -> None:
    reserving = synthesize("dev", tmp_path, writer_concurrency="200", reader_concurrency="50")
    reserved = {
        folder: reserving.function(folder).get("ReservedConcurrentExecutions")
        for folder in set(FUNCTION_FOLDERS) - {"snapshot_mover"}
    }
    assert {folder: count for folder, count in reserved.items() if count is not None} == {
        "snapshot_writer": 200,
        "snapshot_reader": 50,
    }


def environment(assembly: Assembly, folder: str) -> dict[str, Any]:
    variables: dict[str, Any] = assembly.function(folder)["Environment"]["Variables"]
    return variables


def test_service_stack_deploys_exactly_the_listed_functions(any_stage: Assembly) -> None:
    handlers = {each["Handler"] for each in any_stage.properties("service", "AWS::Lambda::Function")}
    assert handlers == {f"functions.{folder}.handler.handler" for folder in FUNCTION_FOLDERS}


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_the_handler_that_the_template_names_exists(
    folder: FunctionFolder, pytestconfig: pytest.Config
) -> None:
    source = pytestconfig.rootpath / "functions" / folder / "handler.py"
    names = {
        name
        for node in ast.parse(source.read_text(encoding="utf-8")).body
        for name in (
            [node.name]
            if isinstance(node, ast.FunctionDef)
            else [target.id for target in node.targets if isinstance(target, ast.Name)]
            if isinstance(node, ast.Assign)
            else []
        )
    }
    assert "handler" in names


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_function_has_exactly_the_environment_variables_it_needs(
    any_stage: Assembly, folder: FunctionFolder
) -> None:
    assert set(environment(any_stage, folder)) == {*FUNCTIONS[folder].variables, *COMMON}


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_environment_variables_refer_to_the_matching_resources(
    local: Assembly, folder: FunctionFolder
) -> None:
    variables = environment(local, folder)
    pointed = {name: referent(value) for name, value in variables.items() if name in REFERENTS}
    assert pointed == {name: REFERENTS[name] for name in pointed}


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_function_variables_contain_its_stage_and_service_name(
    any_stage: Assembly, folder: FunctionFolder
) -> None:
    variables = environment(any_stage, folder)
    assert variables["RISK_HUB_DEPLOYMENT_STAGE"] == any_stage.stage
    assert variables["POWERTOOLS_SERVICE_NAME"] == folder
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == f"RiskSignalHub/{any_stage.stage}"


def test_writer_variables_contain_the_limits_of_its_stage(any_stage: Assembly) -> None:
    stage, variables = ENVIRONMENTS[any_stage.stage], environment(any_stage, "snapshot_writer")
    assert variables["RISK_HUB_OFFLOAD"] == ("true" if stage.offload else "false")
    assert variables["RISK_HUB_RETENTION_DAYS"] == str(stage.history_retention_days)
    assert variables["RISK_HUB_STAGE_ALLOW_LIST"] == "backtest,paper,live"
    assert variables["RISK_HUB_INLINE_COV_THRESHOLD"] == "100"
    assert variables["RISK_HUB_GROSS_EXPOSURE_MAX"] == "backtest=100.0,live=100.0,paper=100.0"


@pytest.mark.parametrize(
    "name",
    [
        "RISK_HUB_GROSS_EXPOSURE_MAX",
        "RISK_HUB_INLINE_COV_THRESHOLD",
        "RISK_HUB_OFFLOAD",
        "RISK_HUB_STAGE_ALLOW_LIST",
    ],
)
def test_reader_and_writer_have_the_same_limits(any_stage: Assembly, name: str) -> None:
    assert environment(any_stage, "snapshot_reader")[name] == environment(any_stage, "snapshot_writer")[name]


@pytest.mark.parametrize(
    "worker", [each for each in WORKER_EVENTS if RETENTION_DAYS in FUNCTIONS[each].variables]
)
def test_reports_are_retained_as_long_as_their_snapshots(any_stage: Assembly, worker: FunctionFolder) -> None:
    days = environment(any_stage, "snapshot_writer")[RETENTION_DAYS]
    assert environment(any_stage, worker)[RETENTION_DAYS] == days


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_function_runtime_and_architecture_match_its_bundle(
    any_stage: Assembly, folder: FunctionFolder
) -> None:
    function = any_stage.function(folder)
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": "Active"}


def test_functions_of_one_bundle_share_one_asset(local: Assembly) -> None:
    keys = {folder: local.function(folder)["Code"]["S3Key"] for folder in FUNCTION_FOLDERS}
    shared = {group: {keys[f] for f in FUNCTION_FOLDERS if BUNDLE_OF[f] == group} for group in BUNDLE_GROUPS}
    assert [len(each) for each in shared.values()] == [1] * len(BUNDLE_GROUPS)
    assert len(set().union(*shared.values())) == len(BUNDLE_GROUPS)


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_a_function_logs_json_into_its_own_group(any_stage: Assembly, folder: FunctionFolder) -> None:
    logging = any_stage.function(folder)["LoggingConfig"]
    group = any_stage.resources("service", "AWS::Logs::LogGroup")[logging["LogGroup"]["Ref"]]
    assert logging["LogFormat"] == "JSON"
    assert logging["ApplicationLogLevel"] == environment(any_stage, folder)["POWERTOOLS_LOG_LEVEL"]
    name = f"/aws/lambda/risk-hub-{any_stage.stage}-{folder.replace('_', '-')}"
    assert group["Properties"]["LogGroupName"] == name


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_only_dev_and_local_log_lambdas_own_lines_of_successful_invocations(
    any_stage: Assembly, folder: FunctionFolder
) -> None:
    level = any_stage.function(folder)["LoggingConfig"]["SystemLogLevel"]
    assert level == ("INFO" if any_stage.stage in {"local", "dev"} else "WARN")


def test_every_log_group_has_the_retention_of_its_stage(any_stage: Assembly) -> None:
    groups = any_stage.properties("service", "AWS::Logs::LogGroup")
    assert len(groups) == len(FUNCTION_FOLDERS) + len(("access log", "execution log"))
    assert {each["RetentionInDays"] for each in groups} == {ENVIRONMENTS[any_stage.stage].log_retention_days}


def test_service_stack_outputs_api_url_api_id_and_bus_name(any_stage: Assembly) -> None:
    assert {"ApiUrl", "ApiId", "BusName"} <= set(any_stage.template("service")["Outputs"])


def test_service_stack_contains_no_tables_buckets_or_secrets(any_stage: Assembly) -> None:
    types = {each["Type"] for each in any_stage.template("service")["Resources"].values()}
    assert not types & {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"}
