"""The worker, the route and the alarm of docs/guides/extending.md work when the page's own code is applied to a copy."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.bundles.contents import PROJECT

PAGE, KOREAN_PAGE = (PROJECT / "docs" / "guides" / f"extending{language}.md" for language in ("", ".ko"))
SECTION = re.compile(r"^## ", re.MULTILINE)
BLOCK = re.compile(r"^`([^`\n]+)`:\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTIONS = ("Add a worker", "Add a route", "Add an alarm")
CHANGE_SEPARATOR = "@@\n"
# Two stages show the rule for all: the one that is committed and the one with every protection.
OTHER_STAGES = "dev or staging"
TEMPLATE_TESTS = (
    "tests/infra/test_functions_stack.py",
    "tests/infra/test_permissions.py",
    "tests/infra/test_streams_and_queues.py",
    "tests/infra/test_operations_stack.py",
    "tests/infra/test_dashboards.py",
    "tests/wiring/test_cold_start.py::test_clock_replaced_before_the_cold_start_is_the_clock_of_the_function[tail_watch]",
    "tests/docs/test_runbook.py",
    "tests/alarms/test_rehearsals.py",
    "tests/evaluation/test_tail_watch.py",
)
ROUTE_TESTS = (
    "tests/infra/test_route_table.py",
    "tests/infra/test_rest_api.py",
    "tests/contracts/test_generated_files.py",
    "tests/http/test_access_control.py",
    "tests/http/test_methods.py",
    "tests/http/test_expiry.py",
)


@dataclass(frozen=True)
class CodeBlock:
    """A code block of the page: a new file, or changes of an existing one in the form of a diff."""

    file: str
    language: str
    text: str

    def apply(self, tree: Path) -> None:
        """Change the file in the tree."""
        path = tree / self.file
        if self.language != "diff":
            assert not path.exists(), f"{self.file} exists: show the change as a diff"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text, encoding="utf-8")
            return
        content = path.read_text(encoding="utf-8")
        for change in self.text.split(CHANGE_SEPARATOR):
            before, after = (lines(change, left_out) for left_out in "+-")
            assert content.count(before) == 1, f"{self.file} does not contain exactly once:\n{before}"
            content = content.replace(before, after)
        path.write_text(content, encoding="utf-8")


def lines(change: str, left_out: str) -> str:
    """Return the lines of a change without those that it adds (`+`) or removes (`-`)."""
    return "".join(line[1:] for line in change.splitlines(keepends=True) if not line.startswith(left_out))


def code_blocks(page: Path) -> dict[str, list[CodeBlock]]:
    """Return the code blocks of each section of a page, by the section's heading."""
    _, *sections = SECTION.split(page.read_text(encoding="utf-8"))
    return {
        section.partition("\n")[0]: [CodeBlock(*found) for found in BLOCK.findall(section)]
        for section in sections
    }


def run(tree: Path, *arguments: str) -> None:
    """Run Python in the tree; its output is the message of a failure."""
    packages = os.pathsep.join(str(tree / folder) for folder in (".", "contracts/src", "client/src"))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": packages, "CDK_VALIDATION": "false"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-8_000:]}{done.stderr[-4_000:]}"


def run_tests(tree: Path, *files: str) -> None:
    """Run test files in the tree."""
    options = ("-q", "-n", "0", "-p", "no:cacheprovider", "-k", f"not ({OTHER_STAGES})")
    run(tree, "-m", "pytest", *options, *files)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository with the code of the page, its generated files and its templates."""
    tree = tmp_path_factory.mktemp("extended")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(
        listed, cwd=PROJECT, capture_output=True, encoding="utf-8", check=True
    ).stdout.split("\0")
    for name in files:
        if (PROJECT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, tree / name)
    blocks = code_blocks(PAGE)
    for section in SECTIONS:
        for block in blocks[section]:
            block.apply(tree)
    run(tree, "-m", "risk_hub_contracts.api.generate")
    run(tree, "-m", "infra.cdk.synth_local")
    return tree


def resources(tree: Path, part: str) -> list[dict[str, Any]]:
    template = tree / "infra" / "assembly" / "local" / f"RiskHub-local-{part}.template.json"
    found: dict[str, dict[str, Any]] = json.loads(template.read_text(encoding="utf-8"))["Resources"]
    return list(found.values())


def names_of(tree: Path, part: str, resource_type: str, name: str) -> set[str]:
    return {
        each["Properties"][name].removeprefix("risk-hub-local-")
        for each in resources(tree, part)
        if each["Type"] == resource_type
    }


def test_every_section_with_code_is_the_same_in_both_languages() -> None:
    english, korean = (list(code_blocks(page).values()) for page in (PAGE, KOREAN_PAGE))
    assert set(SECTIONS) <= set(code_blocks(PAGE))
    assert english == korean


def test_worker_of_the_page_is_deployed_with_its_rule_and_queues(extended: Path) -> None:
    assert "tail-watch" in names_of(extended, "service", "AWS::Lambda::Function", "FunctionName")
    assert {"tail-watch", "tail-watch-dead-letters"} <= names_of(
        extended, "service", "AWS::SQS::Queue", "QueueName"
    )
    (rule,) = [
        each["Properties"]
        for each in resources(extended, "service")
        if each["Type"] == "AWS::Events::Rule" and each["Properties"]["Name"] == "risk-hub-local-tail-watch"
    ]
    assert rule["EventPattern"]["detail-type"] == ["risk_evaluated"]


def test_alarms_of_the_page_and_of_its_worker_are_deployed(extended: Path) -> None:
    kinds = ("errors", "throttles", "dead-letters", "queue-age", "message-failures")
    wanted = {"exit-engine-delay", *(f"tail-watch-{kind}" for kind in kinds)}
    assert wanted <= names_of(extended, "operations", "AWS::CloudWatch::Alarm", "AlarmName")


def test_route_of_the_page_is_deployed(extended: Path) -> None:
    assert "expiry" in names_of(extended, "service", "AWS::ApiGateway::Resource", "PathPart")


def test_tests_of_templates_and_routes_pass_with_the_code_of_the_page(extended: Path) -> None:
    run_tests(extended, *TEMPLATE_TESTS, *ROUTE_TESTS)


def test_route_of_the_page_keeps_the_promises_of_the_contract(extended: Path) -> None:
    run(extended, "-m", "risk_hub_contracts.compatibility")


def test_code_of_the_page_passes_the_linter_and_the_import_rules(extended: Path) -> None:
    changed = [
        block.file
        for section in SECTIONS
        for block in code_blocks(PAGE)[section]
        if block.file.endswith(".py")
    ]
    run(extended, "-m", "ruff", "check", "--no-cache", *changed)
    run(extended, "-m", "ruff", "format", "--no-cache", "--check", *changed)
    lint_imports = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    )
    run(extended, "-c", lint_imports)
