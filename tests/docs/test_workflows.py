"""The workflows: pinned, with narrow permissions, and only make targets that also run here."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
MAKE = re.compile(r"(?:run: |^\s+)make ([a-z-]+)", re.MULTILINE)


def test_zizmor_reports_no_findings_in_pedantic_mode() -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    done = subprocess.run(
        [zizmor, "--offline", "--pedantic", "--no-progress", ".github"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "No findings" in done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit_with_a_version_comment(workflow: Path) -> None:
    used = [
        line.strip().removeprefix("- ")
        for line in workflow.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_each_action_uses_the_same_commit_in_every_workflow() -> None:
    used = {
        line
        for path in WORKFLOWS
        for line in re.findall(r"uses: (\S+@\S+)", path.read_text(encoding="utf-8"))
    }
    assert len({each.partition("@")[0] for each in used}) == len(used)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_steps_run_existing_make_targets(workflow: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    run = MAKE.findall(workflow.read_text(encoding="utf-8"))
    assert run
    assert set(run) <= targets


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_contain_no_urls_or_secrets_and_default_to_no_permissions(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    assert "://" not in text
    assert "secrets." not in text
    assert "\npermissions: {}\n" in text


def test_only_the_deploy_job_has_an_oidc_token_and_uses_the_stage_environment() -> None:
    jobs = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
    assert "id-token" not in jobs["ci.yml"]
    build, deploy = jobs["deploy.yml"].split("\n  deploy:\n")
    assert "id-token" not in build
    assert deploy.count("id-token: write") == 1
    assert "environment: ${{ inputs.stage }}" in deploy
    assert "needs: assembly" in deploy


def test_deploy_job_uses_the_assembly_built_by_the_first_job() -> None:
    deploy = (
        (ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8").split("\n  deploy:\n")[1]
    )
    assert "ASSEMBLY: assembly" in deploy
    assert "DIGEST: ${{ needs.assembly.outputs.digest }}" in deploy
    assert "make assembly" not in deploy


ORIGIN = ".github/workflows/deploy.yml main workflow_dispatch owner/name"


@pytest.mark.parametrize(
    ("run", "rollout", "origin", "built", "expected_text"),
    [
        ("17", "as the stage has it", ORIGIN, "success", ""),
        ("17", "at_once", ORIGIN, "success", "An assembly holds its rollout"),
        ("../17", "as the stage has it", ORIGIN, "success", "is the number of a run"),
        ("17", "as the stage has it", ORIGIN.replace("main", "mine"), "success", "did not build"),
        ("17", "as the stage has it", ORIGIN.replace("deploy.yml", "ci.yml"), "success", "did not build"),
        ("17", "as the stage has it", ORIGIN.replace("owner/", "fork/"), "success", "did not build"),
        ("17", "as the stage has it", ORIGIN, "failure", "tested no assembly: failure"),
        ("17", "as the stage has it", ORIGIN, "skipped", "tested no assembly: skipped"),
        ("17", "as the stage has it", ORIGIN, "", "tested no assembly: it has no such job"),
    ],
)
def test_rollback_checks_the_origin_of_a_run_before_downloading_its_assembly(  # noqa: PLR0913, PLR0917 - one row each
    tmp_path: Path, run: str, rollout: str, origin: str, built: str, expected_text: str
) -> None:
    deploy = (
        (ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8").split("\n  deploy:\n")[1]
    )
    asking = deploy.split("actions/checkout")[0]
    assert "download-artifact" not in asking
    script = textwrap.dedent(asking.split("run: |\n")[1].rpartition("\n")[0])
    gh = tmp_path / "gh"
    gh.write_text(
        f'#!/bin/sh\ncase "$2" in */jobs) echo "{built}" ;; *) echo "{origin}" ;; esac\n', encoding="utf-8"
    )
    gh.chmod(0o755)
    done = subprocess.run(
        ["/bin/bash", "-e", "-c", script],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "FROM_RUN": run,
            "ROLLOUT": rollout,
            "GITHUB_REPOSITORY": "owner/name",
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == (1 if expected_text else 0), done
    assert expected_text in done.stdout


def test_dependabot_reads_the_folder_of_every_lock() -> None:
    text = (ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")
    watched = set(re.findall(r"package-ecosystem: (\S+)\n    directory: (\S+)", text))
    locks = sorted(path.parent.relative_to(ROOT) for path in ROOT.glob("infra/**/package-lock.json"))
    assert ("github-actions", "/") in watched
    assert {("npm", f"/{folder}") for folder in locks} <= watched
    # Dependabot reads only the given folder and its direct children.
    assert ("pip", "/") in watched
    assert all(path.parent.parent == ROOT for path in ROOT.glob("requirements/*.txt"))
    assert ("pip", "/contracts") in watched


def test_dependabot_groups_dependencies_that_must_change_together() -> None:
    text = (ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")
    groups = [line.strip() for line in text.splitlines() if line.strip().startswith("patterns: ")]
    assert any("boto3, botocore" in line for line in groups)
    assert any("aws-cdk-lib" in line and "constructs" in line for line in groups)
    # Every exact version in pyproject.toml is in a group with its own name, or alone.
    assert groups[-1] == 'patterns: ["*"]'
