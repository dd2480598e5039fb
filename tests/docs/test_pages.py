"""Links, anchors, and the test names in the tables of faults and invariants."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout.split()
)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
ANCHORED_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
INVARIANT = re.compile(r"^\| (INV-\d\d) \|", re.MULTILINE)
TEST_NAME = re.compile(r"`(test_\w+)`")
# Numbers are permanent.
FAULTS = [
    *(f"F{number}" for number in range(1, 32)),
    *(f"P{number}" for number in range(1, 76)),
    *(f"U{number}" for number in range(1, 20)),
    *(f"L{number}" for number in range(1, 10)),
    *(f"I{number}" for number in range(1, 10)),
    *(f"S{number}" for number in range(1, 16)),
    "M1",
]


def anchors(page: Path) -> set[str]:
    """Return the anchors that a Markdown renderer gives to the headings of a page."""
    headings = HEADING.findall(CODE_BLOCK.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_anchor_in_a_link_of_a_page_is_a_heading_of_the_linked_page(page: Path) -> None:
    links = ANCHORED_LINK.findall(page.read_text(encoding="utf-8"))
    targets = [(page.parent / name if name else page, anchor) for name, anchor in links]
    missing = [f"{target}#{anchor}" for target, anchor in targets if anchor not in anchors(target)]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_names_an_existing_file(page: Path) -> None:
    missing = [
        target
        for target in LINK.findall(CODE_BLOCK.sub("", page.read_text(encoding="utf-8")))
        if not (page.parent / target).exists()
    ]
    assert missing == []


def test_every_fault_has_its_number_and_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([FPULISM]\d+) \|(.*)$", page, re.MULTILINE)
    assert [number for number, _ in rows] == FAULTS
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for number, row in rows:
        named = TEST_NAME.findall(row)
        assert named, number
        assert [name for name in named if f"def {name}(" not in tests] == []


def test_every_invariant_names_a_test_that_exists() -> None:
    table = (ROOT / "contracts" / "README.md").read_text(encoding="utf-8")
    assert [f"INV-{number:02}" for number in range(1, 22)] == INVARIANT.findall(table)
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {
        name for line in table.splitlines() if line.startswith("| INV") for name in TEST_NAME.findall(line)
    }
    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []
    for line in table.splitlines():
        if line.startswith("| INV"):
            assert TEST_NAME.search(line), line
