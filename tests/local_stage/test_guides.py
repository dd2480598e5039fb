"""The commands of the guides, run as they stand against a local stage."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.bring_up import OpenStage
from infra.local.settings import REPOSITORY

GUIDES = REPOSITORY / "docs" / "guides"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
EXPECTATION = re.compile(r"^(?P<command>.*?)\s*# expect: (?P<expected>.*)$")


def commands(guide: str) -> list[str]:
    """Return the lines of a guide's shell blocks."""
    return [line for block in BLOCK.findall((GUIDES / guide).read_text()) for line in block.splitlines()]


def expectations(lines: list[str]) -> Iterator[tuple[int, re.Match[str]]]:
    for number, line in enumerate(lines):
        if match := EXPECTATION.match(line):
            yield number, match


def script(lines: list[str]) -> str:
    """Return the lines as one script that keeps the output of each line that expects something."""
    kept = dict(expectations(lines))
    return "\n".join(
        f"{{ {kept[number]['command']}\n}} > {number}.out 2>&1" if number in kept else line
        for number, line in enumerate(lines)
    )


def test_every_command_of_the_api_guide_does_what_the_guide_says(stage: OpenStage, tmp_path: Path) -> None:
    lines = commands("api.md")
    environment = {
        "PATH": os.environ["PATH"],
        "RISK_HUB_URL": stage.hub.url,
        "RISK_HUB_TOKEN": stage.hub.token,
    }
    subprocess.run(["bash", "-c", script(lines)], cwd=tmp_path, env=environment, check=True, timeout=60)
    checked = list(expectations(lines))
    assert len(checked) > 15
    for number, match in checked:
        output = (tmp_path / f"{number}.out").read_text()
        assert match["expected"].lower() in output.lower(), f"{match['command']}\n{output}"


@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.ko.md")))
def test_both_languages_give_the_same_commands(guide: str) -> None:
    assert commands(guide) == commands(guide.replace(".ko.md", ".md"))
