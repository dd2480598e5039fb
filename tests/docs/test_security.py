"""Every claim of SECURITY.md has a test, and every scope of a token is explained, in both languages."""

import re
from pathlib import Path

import pytest

from infra.tokens.issue import GRANTED_SCOPES, scopes_without_a_route
from risk_hub_contracts.base.tokens import ATTRIBUTED_SCOPES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ENGLISH, KOREAN = ("SECURITY.md", "SECURITY.ko.md")
TEST_NAME = re.compile(r"`(test_\w+)`")
HANGUL = re.compile(r"[가-힣]")
NO_ROUTE = {ENGLISH: "no route uses it yet", KOREAN: "아직 쓰는 경로가 없다"}
GUIDES = {"docs/guides/operating.md": "| scopes |", "docs/guides/operating.ko.md": "| 스코프 |"}
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


@pytest.mark.parametrize("page", [ENGLISH, KOREAN])
def test_the_permissions_explain_each_scope_and_say_which_has_no_route_or_needs_a_subject(page: str) -> None:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    rows = {
        scope: next(line for line in lines if line.startswith(f"| `{scope}`")) for scope in GRANTED_SCOPES
    }
    unused = [scope for scope, row in rows.items() if NO_ROUTE[page] in row]
    assert unused == scopes_without_a_route(GRANTED_SCOPES)
    assert {scope for scope, row in rows.items() if row.startswith(f"| `{scope}` ¹ |")} == ATTRIBUTED_SCOPES


@pytest.mark.parametrize("page", GUIDES)
def test_the_operating_guide_lists_each_scope_those_without_a_route_last(page: str) -> None:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    row = next(line for line in lines if line.startswith(GUIDES[page]))
    listed = re.findall(r"`([a-z]+:[a-z]+)`", row)
    unused = scopes_without_a_route(GRANTED_SCOPES)
    assert set(listed) == set(GRANTED_SCOPES)
    assert listed[len(listed) - len(unused) :] == unused
