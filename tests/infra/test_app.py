import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra import locked_node
from infra.cdk import app
from infra.locked_node import use_locked_node
from infra.ops.deploy.assembly import assembly_digest
from tests.infra.assembly import Assembly


@pytest.fixture
def outdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "cdk.out"))
    return tmp_path / "cdk.out"


@pytest.mark.usefixtures("outdir")
def test_production_without_allowed_networks_fails_naming_the_missing_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.main(["-c", "stage=prod"]) == 1
    assert "stage 'prod' answers only to named networks: give -c allowed_networks=" in capsys.readouterr().err


@pytest.mark.usefixtures("outdir")
def test_synthesis_without_a_stage_fails_listing_the_stages(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([]) == 1
    assert "choose one of local, dev, staging, prod, as in -c stage=dev" in capsys.readouterr().err


@pytest.mark.usefixtures("outdir")
@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("stage", "'stage' has no value: give stage=VALUE"),
        ("allowed_network=203.0.113.0/24", "no context value is named 'allowed_network'"),
    ],
)
def test_context_argument_without_a_value_or_with_an_unknown_key_is_refused(
    argument: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        app.main(["-c", "stage=dev", "-c", argument])
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["/proc/nope", "/dev/null/nope"])
def test_a_folder_that_cannot_be_created_is_refused_at_once(
    folder: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CDK_OUTDIR", folder)
    assert app.main(["-c", "stage=local"]) == 1
    assert f"{folder} cannot be created" in capsys.readouterr().err


def test_a_folder_that_is_not_writable_is_refused_at_once(
    outdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert app.main(["-c", "stage=local"]) == 1
    assert f"{outdir} is not writable. Set CDK_OUTDIR" in capsys.readouterr().err


def test_synthesis_is_byte_identical_in_any_output_folder(outdir: Path, local: Assembly) -> None:
    assert app.main(["-c", "stage=local"]) == 0
    assert (outdir / "RiskHub-local-service.template.json").exists()
    assert assembly_digest(outdir) == assembly_digest(local.folder)


def test_app_reads_its_context_from_the_cdk_environment_variable(
    outdir: Path, pytestconfig: pytest.Config
) -> None:
    settings = json.loads((pytestconfig.rootpath / "cdk.json").read_text(encoding="utf-8"))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CDK_CONTEXT_JSON": json.dumps({"stage": "local"}),
        "CDK_VALIDATION": "false",
    }
    subprocess.run(settings["app"], shell=True, check=True, cwd=pytestconfig.rootpath, env=environment)  # noqa: S602 - as cdk does
    assert (outdir / "RiskHub-local-data.template.json").exists()


@pytest.mark.parametrize("command", ["as cdk does", "{python} -m infra.cdk.app -c stage=local"])
def test_app_runs_with_a_minimal_shell_environment(
    outdir: Path, pytestconfig: pytest.Config, command: str
) -> None:
    settings = json.loads((pytestconfig.rootpath / "cdk.json").read_text(encoding="utf-8"))
    # cdk gives the app its own context, over that of cdk.json.
    context = {**settings["context"], "stage": "local"}
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        # The real one: jsii unpacks the CDK library into a cache there, once.
        "HOME": str(Path.home()),
        "CDK_OUTDIR": str(outdir),
        "CDK_VALIDATION": "false",
        **({"CDK_CONTEXT_JSON": json.dumps(context)} if command == "as cdk does" else {}),
    }
    line = settings["app"] if command == "as cdk does" else command.format(python=sys.executable)
    subprocess.run(line, shell=True, check=True, cwd=pytestconfig.rootpath, env=environment)  # noqa: S602 - as cdk does
    assert (outdir / "RiskHub-local-service.template.json").exists()


def test_cdk_commands_default_to_the_dev_stage(pytestconfig: pytest.Config) -> None:
    settings = json.loads((pytestconfig.rootpath / "cdk.json").read_text(encoding="utf-8"))
    assert settings["context"] == {"stage": "dev"}


def test_locked_node_is_used_when_jsii_node_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JSII_NODE", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    use_locked_node()
    assert Path(os.environ["JSII_NODE"]).is_relative_to(Path(sys.prefix))


def test_jsii_node_overrides_the_locked_node(monkeypatch: pytest.MonkeyPatch) -> None:
    node = os.environ["JSII_NODE"]
    monkeypatch.setenv("JSII_NODE", node)
    monkeypatch.setattr(locked_node, "_wheel_node", lambda: "/somewhere/else")
    use_locked_node()
    assert os.environ["JSII_NODE"] == node


def test_missing_node_raises_an_error_with_installation_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JSII_NODE", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(locked_node, "_wheel_node", lambda: None)
    with pytest.raises(RuntimeError, match="CDK needs Node: install requirements"):
        use_locked_node()
