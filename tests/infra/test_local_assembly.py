import json
import re
from pathlib import Path

import pytest

from infra.assembly import LOCAL_ASSEMBLY
from infra.cdk import synth_local
from infra.cdk.constructs.function_code import placeholder_code
from infra.cdk.stacks.hub import add_hub, new_app
from infra.context_values import resolve_environment
from infra.functions import BUNDLE_OF, FUNCTION_FOLDERS
from infra.local.assembly import read_assembly
from infra.names import BUNDLE_GROUPS
from tests.infra.assembly import Assembly

# CloudFormation's own limits for a template that is read from a bucket.
TEMPLATE_MAX_BYTES = 1_000_000
TEMPLATE_RESOURCES_MAX_COUNT = 500


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return synth_local.local_files()


def test_committed_templates_equal_the_synthesized_ones(files: dict[str, str]) -> None:
    assert synth_local.differences(files) == [], "python -m infra.cdk.synth_local"


def test_local_assembly_folder_contains_no_other_files(files: dict[str, str]) -> None:
    assert {path.name for path in LOCAL_ASSEMBLY.iterdir()} == set(files)


def test_committed_templates_equal_the_local_stages_assembly(files: dict[str, str], local: Assembly) -> None:
    for part in local.parts():
        assert json.loads(files[f"RiskHub-local-{part}.template.json"]) == local.template(part)


def test_template_differences_are_shown_line_by_line(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(
            text.replace("risk-hub-local-worlds", "risk-hub-local-planets"), encoding="utf-8"
        )
    lines = synth_local.differences(files, tmp_path)
    removed = [line[1:] for line in lines if line.startswith("- ")]
    added = [line[1:] for line in lines if line.startswith("+ ")]
    assert removed != added
    assert [line.replace("risk-hub-local-planets", "risk-hub-local-worlds") for line in removed] == added


def test_committed_templates_contain_no_local_paths(
    files: dict[str, str],
    pytestconfig: pytest.Config,
) -> None:
    text = "".join(files.values())
    assert str(pytestconfig.rootpath) not in text
    assert not re.search(r"asset\.[0-9a-f]|aws:asset|aws:cdk:path|/tmp/|/home/", text)


def test_code_changes_do_not_change_the_template(local: Assembly, tmp_path: Path) -> None:
    for group in BUNDLE_GROUPS:
        (tmp_path / group).mkdir()
        (tmp_path / group / "handler.py").write_text("changed = True\n", encoding="utf-8")
    app = new_app(tmp_path / "cdk.out")
    add_hub(app, resolve_environment("local"), placeholder_code(tmp_path))
    app.synth()
    changed = Assembly("local", tmp_path / "cdk.out")
    assert changed.template("service") == local.template("service")


def test_assembly_reader_returns_stacks_in_order_and_an_asset_key_per_bundle() -> None:
    assembly = read_assembly()
    stacks = [template.stack_name for template in assembly.templates]
    assert stacks == ["RiskHub-local-data", "RiskHub-local-service"]
    assert assembly.asset_bucket == "cdk-hnb659fds-assets-000000000000-us-east-1"
    assert set(assembly.asset_keys) == set(BUNDLE_GROUPS)


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_function_code_uses_the_asset_key_of_its_bundle(local: Assembly, folder: str) -> None:
    code = local.function(folder)["Code"]
    group = {str(each): BUNDLE_OF[each] for each in FUNCTION_FOLDERS}[folder]
    assert code["S3Key"] == read_assembly().asset_keys[group]
    assert code["S3Bucket"] == {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}


def test_templates_use_at_most_half_of_the_cloudformation_limits() -> None:
    for template in read_assembly().templates:
        document = json.loads(template.body)
        assert len(json.dumps(document).encode()) <= TEMPLATE_MAX_BYTES / 2, template.stack_name
        assert len(document["Resources"]) <= TEMPLATE_RESOURCES_MAX_COUNT / 2, template.stack_name


def test_check_of_outdated_templates_fails_naming_the_command_to_run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(synth_local, "local_files", lambda: {"assets.json": "{}\n"})
    assert synth_local.main(["--check"]) == 1
    assert "The local templates are out of date: python -m infra.cdk.synth_local" in capsys.readouterr().err


def test_writing_local_templates_reports_whether_they_changed(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(synth_local, "local_files", lambda: {"assets.json": "{}\n"})
    monkeypatch.setattr(synth_local, "LOCAL_ASSEMBLY", tmp_path / "local")
    monkeypatch.setattr(synth_local.differences, "__defaults__", (tmp_path / "local",))
    assert [synth_local.main([]), synth_local.main([])] == [0, 0]
    assert capsys.readouterr().out.splitlines() == ["local: changed", "local: no change"]
    assert (tmp_path / "local" / "assets.json").read_text(encoding="utf-8") == "{}\n"
