"""ARCHITECTURE.md covers every invariant and every package, in both languages."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("ARCHITECTURE.md", "ARCHITECTURE.ko.md")
INVARIANT = re.compile(r"\bINV-\d\d\b")
LINK = re.compile(r"\]\(([^)]+)\)")
LAYERS_OF_FUNCTIONS = "functions"


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def shared_packages() -> list[str]:
    """Return the packages that the deployed functions share, from the import rules."""
    settings = tomllib.loads(text("pyproject.toml"))
    (contract,) = [
        each
        for each in settings["tool"]["importlinter"]["contracts"]
        if each.get("containers") == [LAYERS_OF_FUNCTIONS]
    ]
    return [package for layer in contract["layers"][1:] for package in re.findall(r"\w+", layer)]


@pytest.mark.parametrize("page", PAGES)
def test_architecture_links_the_code_that_enforces_each_invariant(page: str) -> None:
    rows = [line for line in text(page).splitlines() if line.startswith("| INV-")]
    named = [number for row in rows for number in INVARIANT.findall(row)]
    assert named == sorted(set(INVARIANT.findall(text("contracts/README.md"))))
    assert [row for row in rows if not LINK.search(row)] == []


@pytest.mark.parametrize("page", PAGES)
def test_architecture_names_each_shared_package_of_the_functions(page: str) -> None:
    packages = shared_packages()
    assert "measures" in packages
    assert [package for package in packages if f"`functions/{package}/`" not in text(page)] == []


def test_both_languages_of_the_architecture_link_the_same_files() -> None:
    english, korean = (
        sorted(link for link in LINK.findall(text(page)) if not link.startswith("ARCHITECTURE"))
        for page in PAGES
    )
    assert english == korean
