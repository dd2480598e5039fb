"""The stage that a command reaches, and its message if it reaches none."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from infra.local.aws import LocalAws
from infra.local.settings import LocalSettings
from infra.local.stage_record import StageRecord, process_start, write_record
from infra.ops.operate import cli
from infra.ops.operate.stage_access import clients_for
from infra.recovery.errors import OperateError, error_text


def test_local_stage_is_found_by_the_record_of_the_running_process(tmp_path: Path) -> None:
    settings = LocalSettings(tmp_path, 0, 0)
    me = StageRecord(1, process_start(1) or "", "http://127.0.0.1:1", "http://127.0.0.1:2")
    write_record(settings.record_file, me)
    aws = clients_for("local", settings)
    assert isinstance(aws, LocalAws)
    assert aws.endpoint == "http://127.0.0.1:2"


def test_access_to_a_stopped_local_stage_raises_operate_error(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match=r"not running\. Start it with `make up`"):
        clients_for("local", LocalSettings(tmp_path, 0, 0))


def test_command_without_a_running_local_stage_exits_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RISK_HUB_LOCAL_DIR", str(tmp_path))
    assert cli.main(["queues"]) == 1
    assert "The local stage is not running" in capsys.readouterr().err


def test_deployed_stage_is_accessed_in_the_operators_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-2")
    client = clients_for("prod").client("sqs")
    assert client.meta.endpoint_url == "https://sqs.ap-northeast-2.amazonaws.com"


@pytest.mark.parametrize("url", ["nonsense", "https://[bad", "https://h:port"])
def test_invalid_aws_endpoint_url_is_reported_with_status_1(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert cli.main(["queues", "--stage-name", "prod"]) == 1
    assert capsys.readouterr().err.startswith(
        "AWS_ENDPOINT_URL, or the profile's endpoint_url, is not valid: "
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NoCredentialsError(), "Set AWS_PROFILE"),
        (NoRegionError(), "Set AWS_DEFAULT_REGION"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "could not be reached"),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Invoke"), "refused Invoke"),
    ],
)
def test_aws_error_is_converted_to_a_readable_message(error: Exception, text: str) -> None:
    assert text in error_text(error)
