"""What is deployed is what was built and tested, to the byte."""

import json
import shutil
from pathlib import Path

import pytest

from infra.deploy import assembly
from infra.deploy.assembly import RECORD, build, digest_of, prove, read
from infra.deploy.errors import DeployError

STACK = "RiskHub-local-data.template.json"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the local stage once, as `make assembly` does, without CDK's own slow checks."""
    folder = tmp_path_factory.mktemp("built") / "local"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDK_VALIDATION", "false")
        build("local", {"runbook_base": "https://example.com/files/"}, folder)
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "copy"))


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def test_an_assembly_knows_its_stage_what_was_given_and_its_commit(built: Path) -> None:
    record = read(built)
    assert (record.stage, record.given) == ("local", {"runbook_base": "https://example.com/files/"})
    assert record.digest == digest_of(built)
    assert record.commit.removesuffix("-changed").isalnum()
    assert record.tests_passed == 0


def test_a_stage_that_cannot_be_synthesized_is_told_in_the_apps_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = tmp_path / "python"
    app.write_text("#!/bin/sh\necho stage \"'$4'\" needs networks >&2\nexit 1\n")
    app.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(app))
    with pytest.raises(DeployError, match=r"could not be synthesized\.\nstage 'stage=prod' needs networks"):
        build("prod", {}, tmp_path / "prod")


def test_a_folder_without_an_assembly_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"holds no assembly\. Build one: make assembly STAGE="):
        read(tmp_path)


def test_a_changed_file_is_noticed(copy: Path) -> None:
    change(copy, STACK, "PAY_PER_REQUEST", "PROVISIONED")
    with pytest.raises(DeployError, match="is not what was built and tested"):
        read(copy)


def test_a_file_that_was_added_or_renamed_is_noticed(copy: Path) -> None:
    (copy / "more.json").write_text("{}")
    assert digest_of(copy) != read_digest(copy)
    (copy / "more.json").unlink()
    (copy / STACK).rename(copy / "other.template.json")
    assert digest_of(copy) != read_digest(copy)


def read_digest(folder: Path) -> str:
    return str(json.loads((folder / RECORD).read_text())["digest"])


def test_the_template_tests_read_exactly_these_files(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "TEST_FOLDER", "tests/infra/test_data_stack.py")
    change(copy, STACK, '"SSEEnabled": true', '"SSEEnabled": false')
    document = json.loads((copy / RECORD).read_text())
    (copy / RECORD).write_text(json.dumps({**document, "digest": digest_of(copy), "tests_passed": 0}))
    with pytest.raises(DeployError, match="test_tables_are_protected_as_their_stage_says") as caught:
        prove(copy)
    assert "so it is not deployed" in str(caught.value)
    assert read(copy).tests_passed == 0
