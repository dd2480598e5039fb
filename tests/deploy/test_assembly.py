"""The deployed assembly equals the built and tested one, byte for byte."""

import json
import shutil
from pathlib import Path

import pytest

from infra.errors import DeployError
from infra.ops.deploy import assembly
from infra.ops.deploy.assembly import RECORD_FILE, assembly_digest, build, read, run_template_tests

STACK = "RiskHub-local-service.template.json"
# Replaces the app: writes the committed local stage's assembly, or reports why it cannot.
APP = """#!/bin/sh
[ "$4" = stage=prod ] && { echo "stage 'prod' needs networks" >&2; exit 1; }
mkdir -p "$CDK_OUTDIR" && cp infra/assembly/local/*.template.json "$CDK_OUTDIR"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.executable", app_of(folder))
        build("local", {"runbook_base": "https://example.com/files/"}, folder / "local")
    return folder / "local"


def app_of(folder: Path) -> str:
    app = folder / "python"
    app.write_text(APP, encoding="utf-8")
    app.chmod(0o700)
    return str(app)


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "copy"))


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def test_assembly_record_contains_stage_context_digest_and_commit(built: Path) -> None:
    record = read(built)
    assert (record.stage, record.given) == ("local", {"runbook_base": "https://example.com/files/"})
    assert record.digest == assembly_digest(built)
    assert record.commit.removesuffix("-changed").isalnum()
    assert record.tests_passed == 0


def test_failed_synthesis_reports_the_error_of_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", app_of(tmp_path))
    with pytest.raises(DeployError, match=r"could not be synthesized\.\nstage 'prod' needs networks"):
        build("prod", {}, tmp_path / "prod")


def test_folder_without_an_assembly_raises_an_error_with_the_build_command(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"does not contain an assembly\. Build one: make assembly STAGE="):
        read(tmp_path)


def test_changed_assembly_file_is_rejected(copy: Path) -> None:
    change(copy, STACK, "rate(1 minute)", "rate(2 minutes)")
    with pytest.raises(DeployError, match="is not the assembly that was built and tested"):
        read(copy)


def test_added_or_renamed_assembly_file_changes_the_digest(copy: Path) -> None:
    (copy / "more.json").write_text("{}", encoding="utf-8")
    assert assembly_digest(copy) != read_digest(copy)
    (copy / "more.json").unlink()
    (copy / STACK).rename(copy / "other.template.json")
    assert assembly_digest(copy) != read_digest(copy)


def read_digest(folder: Path) -> str:
    return str(json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))["digest"])


def test_assembly_failing_the_template_tests_is_not_marked_as_tested(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "TEST_FOLDER", "tests/infra/test_schedule.py")
    change(copy, STACK, "rate(1 minute)", "rate(2 minutes)")
    document = json.loads((copy / RECORD_FILE).read_text(encoding="utf-8"))
    (copy / RECORD_FILE).write_text(
        json.dumps({**document, "digest": assembly_digest(copy), "tests_passed": 0}), encoding="utf-8"
    )
    with pytest.raises(DeployError, match="test_function_is_scheduled_at_its_rate") as caught:
        run_template_tests(copy)
    assert "so it is not deployed" in str(caught.value)
    assert read(copy).tests_passed == 0
