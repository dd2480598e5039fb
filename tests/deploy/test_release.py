"""The order of a release, and each reason for which it stops."""

import io
import json
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from infra.errors import DeployError
from infra.ops.deploy import __main__ as command
from infra.ops.deploy import release
from infra.ops.deploy.assembly import RECORD_FILE, Record, assembly_digest
from infra.ops.deploy.release import ReleaseRequest
from infra.ops.deploy.teardown import destroy

ACCOUNT = "111122223333"


class FakeToolkit:
    def __init__(self) -> None:
        self.ran: list[tuple[str, ...]] = []

    def run(self, verb: str, *arguments: str) -> None:
        self.ran.append((verb, *arguments))


class FakeAws:
    """An account with a bootstrap of some version; 0: without one."""

    def __init__(self, bootstrap: int = 25, error: Exception | None = None) -> None:
        self.bootstrap, self.error = bootstrap, error
        self.meta = type("Meta", (), {"region_name": "eu-central-1"})

    def client(self, _service: str) -> Any:
        if self.error:
            raise self.error
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": ACCOUNT}

    def get_parameter(self, **_: str) -> dict[str, Any]:
        if not self.bootstrap:
            raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": {"Value": str(self.bootstrap)}}


def release_request(folder: Path, *, tests_passed: int = 195, **how: Any) -> ReleaseRequest:
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    record = Record("dev", {}, "c0ffee", assembly_digest(folder), tests_passed)
    (folder / RECORD_FILE).write_text(json.dumps(asdict(record)), encoding="utf-8")
    return ReleaseRequest(how.pop("stage", "dev"), folder, **{"confirmed": True, **how})


def deploy(wanted: ReleaseRequest, aws: FakeAws | None = None) -> list[str]:
    toolkit = FakeToolkit()
    try:
        release.deploy(wanted, aws or FakeAws(), toolkit)  # type: ignore[arg-type]
    except DeployError:
        assert "deploy" not in [verb for verb, *_ in toolkit.ran]
        raise
    return [" ".join(each) for each in toolkit.ran]


def test_deploy_shows_the_diff_before_deploying_all_stacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(release_request(tmp_path)) == [
        "diff",
        "deploy --all --require-approval never --progress events",
    ]
    expected_text = capsys.readouterr().out
    assert f"to account {ACCOUNT}, region eu-central-1" in expected_text
    assert "of commit c0ffee, 195 tests passed" in expected_text


def test_deploy_of_one_stack_leaves_the_others_alone(tmp_path: Path) -> None:
    wanted = release_request(tmp_path, stacks=release.stacks_of("dev", "data"))
    assert deploy(wanted) == [
        "diff RiskHub-dev-data --exclusively",
        "deploy RiskHub-dev-data --exclusively --require-approval never --progress events",
    ]


@pytest.mark.parametrize(
    ("stack", "tested"), [([], 1), (["--stack", "data"], 0), (["--stack", "service"], 1)]
)
def test_a_deployment_of_the_data_stack_alone_runs_no_smoke_test(
    stack: list[str], tested: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests: list[str] = []
    monkeypatch.setattr(command, "clients_for", lambda _: FakeAws())
    monkeypatch.setattr(release, "deploy", lambda *_: None)
    monkeypatch.setattr(release, "run_smoke_test", lambda stage, *_: tests.append(stage))
    assert command.main(["deploy", "--stage", "dev", "--assembly", str(tmp_path), "--yes", *stack]) == 0
    assert len(tests) == tested


def test_untested_assembly_is_not_deployed(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="was built but not tested: run make assembly STAGE=dev"):
        deploy(release_request(tmp_path, tests_passed=0))


def test_an_assembly_of_another_stage_is_not_deployed(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="is an assembly of dev, not of prod"):
        deploy(release_request(tmp_path, stage="prod"))


def test_deploy_to_an_unexpected_account_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=f"belong to account {ACCOUNT}, not to 999988887777"):
        deploy(release_request(tmp_path, account="999988887777"))
    assert deploy(release_request(tmp_path, account=ACCOUNT))


def test_assembly_with_an_unexpected_digest_is_not_deployed(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="not the requested 0123abcd"):
        deploy(release_request(tmp_path, digest="0123abcd"))
    assert deploy(release_request(tmp_path, digest=assembly_digest(tmp_path)))


@pytest.mark.parametrize(("bootstrap", "expected_text"), [(0, "no bootstrap"), (7, "bootstrap version 7")])
def test_deploy_to_an_unprepared_account_fails_with_a_link_to_the_guide(
    tmp_path: Path, bootstrap: int, expected_text: str
) -> None:
    with pytest.raises(
        DeployError, match=rf"not prepared for CDK in eu-central-1 \({expected_text}.*deploying.md"
    ):
        deploy(release_request(tmp_path), FakeAws(bootstrap))


@pytest.mark.parametrize(
    ("error", "expected_text"),
    [
        (NoCredentialsError(), "No AWS credentials were found. Set AWS_PROFILE"),
        (NoRegionError(), "No AWS region is set. Set AWS_DEFAULT_REGION"),
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "expired"}}, "GetCallerIdentity"),
            r"AWS refused GetCallerIdentity \(ExpiredToken\): expired",
        ),
    ],
)
def test_unusable_aws_credentials_or_region_raise_a_readable_error(
    tmp_path: Path, error: Exception, expected_text: str
) -> None:
    with pytest.raises(DeployError, match=expected_text):
        deploy(release_request(tmp_path), FakeAws(error=error))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_deploy_without_a_terminal_fails_unless_confirmed_in_advance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("dev\n"))
    with pytest.raises(DeployError, match="No terminal is available to confirm"):
        deploy(release_request(tmp_path, confirmed=False))


def test_deploy_is_confirmed_by_typing_the_stage_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("dev\n"))
    assert len(deploy(release_request(tmp_path, confirmed=False))) == 2
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    with pytest.raises(DeployError, match="Not confirmed; nothing was changed"):
        deploy(release_request(tmp_path, confirmed=False))


class FakeAwsWithVersionedBucket(FakeAws):
    """A bucket with versions and a marker."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[dict[str, str]] = []

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [{"Outputs": [{"OutputKey": "BucketName", "OutputValue": "bucket"}]}]}

    def get_paginator(self, _: str) -> Any:
        pages = [
            {"Versions": [{"Key": "a", "VersionId": "1"}]},
            {"DeleteMarkers": [{"Key": "a", "VersionId": "2"}]},
            {},
        ]
        return SimpleNamespace(paginate=lambda **_: pages)

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> None:  # noqa: N803 - boto3's own names
        assert Bucket == "bucket"
        self.deleted += Delete["Objects"]


def test_destroy_deletes_all_object_versions_and_all_stacks(tmp_path: Path) -> None:
    aws, toolkit = FakeAwsWithVersionedBucket(), FakeToolkit()
    destroy(release_request(tmp_path), aws, toolkit)  # type: ignore[arg-type]
    assert [each["VersionId"] for each in aws.deleted] == ["1", "2"]
    assert toolkit.ran == [("destroy", "--all", "--force")]


def test_production_cannot_be_destroyed(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="Stage prod keeps its data when its stacks are deleted"):
        destroy(release_request(tmp_path, stage="prod"), FakeAwsWithVersionedBucket(), FakeToolkit())  # type: ignore[arg-type]


def test_destroy_requires_typing_the_stage_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAwsWithVersionedBucket()
    monkeypatch.setattr("sys.stdin", Terminal("prod\n"))
    with pytest.raises(DeployError, match="Not confirmed; nothing was changed"):
        destroy(release_request(tmp_path, confirmed=False), aws, FakeToolkit())  # type: ignore[arg-type]
    assert aws.deleted == []


def test_failed_deploy_command_prints_the_error_and_exits_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["deploy", "--stage", "dev", "--assembly", str(tmp_path / "none"), "--yes"]
    assert command.main(arguments) == 1
    assert "does not contain an assembly" in capsys.readouterr().err


def test_unknown_context_option_is_rejected_listing_the_valid_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        command.main(["assembly", "--stage", "dev", "-c", "retention_days=1"])
    assert "choose from allowed_networks" in capsys.readouterr().err


def test_context_option_without_a_value_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["assembly", "--stage", "dev", "-c", "allowed_networks"])
    assert "give allowed_networks=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["diff", "deploy", "smoke", "destroy"])
def test_a_step_on_the_local_stage_is_refused_with_the_command_to_use_instead(
    step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([step, "--stage", "local"]) == 1
    output = capsys.readouterr().err
    assert output.startswith(f"{step} is for stages on AWS.")
    for instead in ("`make up`", "`. .local/env && sh infra/local/walkthrough.sh`", "`make down`"):
        assert instead in output
