import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_sqs as sqs

from infra.cdk.nag import acknowledge, check_with_nag
from infra.cdk.stacks.hub import new_app
from tests.infra.assembly import Assembly

REASON_MIN_WORDS = 8
PACKS = {"AwsSolutions", "Serverless"}


def reports(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "validation-report.json").read_text(encoding="utf-8"))[
        "pluginReports"
    ]
    return [each for each in found if each["pluginName"] in PACKS]


def test_cdk_nag_reports_no_unacknowledged_violations(any_stage: Assembly) -> None:
    found = reports(any_stage.folder)
    assert {each["pluginName"] for each in found} == PACKS
    assert [each["violations"] for each in found] == [[], []]


def test_an_acknowledgement_is_on_a_construct_and_never_on_a_stack(any_stage: Assembly) -> None:
    for report in reports(any_stage.folder):
        for each in report["suppressedViolations"]:
            assert "/" in each["acknowledgedAt"], each["ruleName"]


def test_acknowledgement_reason_has_a_minimum_number_of_words(any_stage: Assembly) -> None:
    for report in reports(any_stage.folder):
        for each in report["suppressedViolations"]:
            assert len(each["reason"].split()) >= REASON_MIN_WORDS, each["reason"]


def test_production_does_not_acknowledge_the_missing_backup_rule(prod: Assembly) -> None:
    excused = {each["ruleName"] for report in reports(prod.folder) for each in report["suppressedViolations"]}
    assert "AwsSolutions-DDB3" not in excused


def test_acknowledgement_applies_only_to_its_own_construct(tmp_path: Path) -> None:
    app = new_app(tmp_path)
    check_with_nag(app)
    stack = Stack(app, "Queues")
    excused = sqs.Queue(stack, "Excused")
    sqs.Queue(stack, "Open")
    reason = "One of two queues that differ in nothing else"
    rules = ("AwsSolutions-SQS3", "AwsSolutions-SQS4", "Serverless-SQSRedrivePolicy")
    acknowledge(excused, dict.fromkeys(rules, reason))
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    found = {
        c["constructPath"]
        for r in reports(tmp_path)
        for v in r["violations"]
        for c in v["violatingConstructs"]
    }
    assert found == {"Queues/Open/Resource"}
