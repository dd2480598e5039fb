"""Files that contributors and their tools read: licence, templates, git hooks, editor settings, container."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = ("CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "SECURITY.md", "CHANGELOG.md", "README.md")
FORMS = ("bug.yml", "feature.yml")
TEXT = (".md", ".py", ".toml", ".yml", ".yaml", ".sh", ".json", ".txt")


def tracked_text() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if name.endswith(TEXT) or name == "Makefile"]


def make_target_names() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_a_community_page_exists(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8").startswith("# ")


def test_the_licence_is_apache_2_and_each_package_ships_and_declares_it() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in licence
    for folder in (ROOT, ROOT / "contracts"):
        assert (folder / "LICENSE").read_text(encoding="utf-8") == licence
        assert 'license = "Apache-2.0"\nlicense-files = ["LICENSE"]' in (folder / "pyproject.toml").read_text(
            encoding="utf-8"
        )


@pytest.mark.parametrize("form", FORMS)
def test_an_issue_form_has_a_name_and_unique_required_fields(form: str) -> None:
    document = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / form).read_text(encoding="utf-8"))
    fields = [field for field in document["body"] if field["type"] != "markdown"]
    identifiers = [field["id"] for field in fields]
    assert document["name"]
    assert len(set(identifiers)) == len(identifiers)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_git_hooks_are_exactly_the_steps_of_make_check() -> None:
    steps = re.search(r"^check: ([a-z ]+) ##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert steps
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repository,) = config["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == [f"make {step}" for step in steps[1].split()]


def test_pre_commit_accepts_the_hook_configuration() -> None:
    tool = Path(sys.executable).parent / "pre-commit"
    done = subprocess.run(
        [tool, "validate-config"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_dev_container_uses_the_pinned_python_and_existing_make_targets() -> None:
    document = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    dockerfile = (ROOT / ".devcontainer" / document["build"]["dockerfile"]).read_text(encoding="utf-8")
    assert f"FROM python:{(ROOT / '.python-version').read_text(encoding='utf-8').strip()}-" in dockerfile
    assert " make " in dockerfile
    command, *targets = document["postCreateCommand"].split()
    assert command == "make"
    assert set(targets) <= make_target_names()


def test_every_make_target_in_contributing_exists() -> None:
    named = set(re.findall(r"`make ([a-z-]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert named
    assert named <= make_target_names()


def test_every_text_file_ends_with_one_newline_and_has_unix_line_ends() -> None:
    wrong = []
    for path in tracked_text():
        content = path.read_bytes()
        if b"\r\n" in content or (content and not content.endswith(b"\n")):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []
