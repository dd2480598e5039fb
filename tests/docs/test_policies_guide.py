"""The guide of evaluation policies: its commands print what it says, and its tables are those of the code."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from risk_hub_client.policies.differences import DIFFERENCES
from risk_hub_contracts.policies.rules import KINDS, Rule
from risk_hub_contracts.runs.reason_codes import REASONS, ReasonCode
from tests.local_stage.test_guides import commands, expectations, script

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
LANGUAGES = [".md", ".ko.md"]
PROGRAM = """#!{python}
from risk_hub_client.cli.app import main

main()
"""


def rows(page: str) -> list[list[str]]:
    """Return the cells of each row of a page whose first cell is a name in backquotes."""
    text = (GUIDES / page).read_text(encoding="utf-8")
    found = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in found]


def names(page: str) -> list[str]:
    return [row[0].strip("`") for row in rows(page)]


def test_guide_commands_produce_the_documented_output_without_a_hub(tmp_path: Path) -> None:
    lines = commands("policies.md")
    program = tmp_path / "bin" / "risk-hub"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT / 'contracts' / 'src'}:{ROOT / 'client' / 'src'}",
        "COLUMNS": "200",
    }
    subprocess.run(
        ["bash", "-c", script(lines, tmp_path)], cwd=ROOT, env=environment, check=False, timeout=300
    )
    checked = list(expectations(lines))
    assert len(checked) == 6
    for number, match in checked:
        output = (tmp_path / f"{number}.out").read_text(encoding="utf-8")
        assert match["expected"] in output, f"{match['command']}\n{output}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_guide_lists_every_kind_of_rule_with_its_measures_and_severity(language: str) -> None:
    listed = {row[0].strip("`"): row[1:] for row in rows(f"policies{language}") if row[0].strip("`") in KINDS}
    assert tuple(listed) == KINDS
    for member in get_args(get_args(Rule)[0]):
        model = get_args(member)[0]
        (kind,) = get_args(model.model_fields["kind"].annotation)
        shown, severity = listed[kind]
        assert severity == model.default_severity
        measures = model.model_fields.get("measure")
        if measures is not None:
            named = [name for name in re.findall(r"`(\w+)`", shown) if name not in model.model_fields]
            assert named == list(get_args(measures.annotation)), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_guide_lists_every_difference_from_the_deployed_system(language: str) -> None:
    listed = [name for name in names(f"policies{language}") if name in DIFFERENCES]
    assert listed == list(DIFFERENCES)


def test_guide_has_the_text_of_every_difference() -> None:
    shown = {row[0].strip("`"): row[1] for row in rows("policies.md")}
    assert {name: shown[name] for name in DIFFERENCES} == dict(DIFFERENCES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_of_reason_codes_lists_exactly_the_registry(language: str) -> None:
    assert list(REASONS) == list(ReasonCode)
    assert names(f"reason-codes{language}") == [code.value for code in ReasonCode]
    assert all(len(row) == 4 and all(row) for row in rows(f"reason-codes{language}"))


def test_page_of_reason_codes_has_the_condition_and_remedy_of_the_registry() -> None:
    shown = {row[0].strip("`"): row[1:] for row in rows("reason-codes.md")}
    assert shown == {code.value: [each.status, each.condition, each.remedy] for code, each in REASONS.items()}


def test_every_reason_code_is_written_by_the_rule_engine() -> None:
    engine = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "contracts" / "src" / "risk_hub_contracts" / "rule_engine").glob("*.py")
    )
    assert [code.name for code in ReasonCode if f"ReasonCode.{code.name}" not in engine] == []
