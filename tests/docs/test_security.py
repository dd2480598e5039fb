"""Every claim of SECURITY.md has a test, in both languages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ENGLISH, KOREAN = ("SECURITY.md", "SECURITY.ko.md")
TEST_NAME = re.compile(r"`(test_\w+)`")
HANGUL = re.compile(r"[가-힣]")
CLAIMS = {ENGLISH: "## Claims", KOREAN: "## 주장과 증거"}


def claims(page: str) -> list[str]:
    """Return the rows of the table of claims."""
    section = (ROOT / page).read_text(encoding="utf-8").partition(CLAIMS[page])[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("page", [ENGLISH, KOREAN])
def test_every_claim_names_tests_that_exist(page: str) -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(claims(page)) > 20
    for row in claims(page):
        named = TEST_NAME.findall(row)
        assert named, row
        assert [name for name in named if f"def {name}(" not in tests] == []


def test_both_languages_make_the_same_security_claims() -> None:
    english, korean = ([TEST_NAME.findall(row) for row in claims(page)] for page in (ENGLISH, KOREAN))
    assert english == korean
    assert all(HANGUL.search(row) for row in claims(KOREAN))


@pytest.mark.parametrize("korean", [KOREAN, *sorted(str(p.relative_to(ROOT)) for p in DOCS.rglob("*.ko.md"))])
def test_both_languages_have_the_same_tables(korean: str) -> None:
    rows = [
        [
            line.count("|")
            for line in (ROOT / page).read_text(encoding="utf-8").splitlines()
            if line.startswith("|")
        ]
        for page in (korean.replace(".ko.md", ".md"), korean)
    ]
    assert rows[0] == rows[1]
