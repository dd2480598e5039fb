"""The runbook matches the alarms: a page for each, in both languages, with the same commands."""

import itertools
import re
from pathlib import Path

import pytest

from infra.cdk.alarms.rule import AlarmRule, runbook_page
from infra.cdk.alarms.table import alarm_rules
from infra.environments import ENVIRONMENTS
from infra.functions import FUNCTION_FOLDERS, WORKER_EVENTS

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "runbook"
RULES: dict[str, AlarmRule] = {
    rule.name: rule for environment in ENVIRONMENTS.values() for rule in alarm_rules(environment)
}
PAGES = sorted({rule.page for rule in RULES.values()})
STANDS_FOR = {
    "<function>": [folder.replace("_", "-") for folder in FUNCTION_FOLDERS],
    "<worker>": [folder.replace("_", "-") for folder in WORKER_EVENTS],
    "<table>": ["snapshots", "worlds", "evaluations", "marks", "segments", "policies", "evaluation-runs"],
    "<stage>": ["backtest", "paper", "live"],
}
SECTIONS = {
    "": ["Symptom", "What it means", "First checks", "Repair", "Escalation"],
    ".ko": ["증상", "의미", "먼저 확인할 것", "복구", "에스컬레이션"],
}
INCIDENTS = {
    "": [
        "Snapshot lag",
        "Corruption and re-issue",
        "Bus outage",
        "Producer violations",
        "Conservative fallback",
        "Leaked token",
    ],
    ".ko": [
        "스냅샷 지연",
        "데이터 손상과 재발행",
        "버스 장애",
        "프로듀서 위반",
        "보수적 대체값",
        "유출된 토큰",
    ],
}
LANGUAGES = ["", ".ko"]
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
HANGUL = re.compile(r"[가-힣]")


def text(page: str, language: str) -> str:
    return (RUNBOOK / f"{page}{language}.md").read_text(encoding="utf-8")


def expanded(pattern: str) -> list[str]:
    """Return the alarm names that a page's pattern such as `<worker>-queue-age` stands for."""
    for placeholder, values in STANDS_FOR.items():
        if placeholder in pattern:
            return [name for value in values for name in expanded(pattern.replace(placeholder, value))]
    return [pattern]


def named(line: str) -> list[str]:
    return list(itertools.chain.from_iterable(expanded(each) for each in re.findall(r"`([a-z<>-]+)`", line)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_runbook_page_lists_exactly_its_alarms(page: str, language: str) -> None:
    (line,) = [
        line for line in text(page, language).splitlines() if line.startswith(("**Alarms**", "**알람**"))
    ]
    assert sorted(named(line)) == sorted(name for name, rule in RULES.items() if rule.page == page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_runbook_page_has_every_section_and_none_is_empty(page: str, language: str) -> None:
    first, *sections = re.split(r"^## ", text(page, language), flags=re.MULTILINE)
    assert first.startswith("# ")
    assert [section.partition("\n")[0] for section in sections] == SECTIONS[language]
    assert all(section.partition("\n")[2].strip() for section in sections)


@pytest.mark.parametrize("page", [*PAGES, "incidents", "restore", "README"])
def test_both_languages_give_the_same_commands(page: str) -> None:
    english, korean = (BLOCK.findall(text(page, language)) for language in LANGUAGES)
    assert english
    assert english == korean


@pytest.mark.parametrize("page", [*PAGES, "incidents", "restore", "README"])
def test_the_korean_page_is_korean(page: str) -> None:
    prose = [
        line for line in BLOCK.sub("", text(page, ".ko")).splitlines() if len(line) > len("**알람**: ") * 3
    ]
    assert prose
    assert all(HANGUL.search(line) for line in prose)


@pytest.mark.parametrize("language", LANGUAGES)
def test_runbook_readme_lists_every_alarm_once_with_a_link_to_its_page(language: str) -> None:
    rows = [line.split("|") for line in text("README", language).splitlines() if line.startswith("| `")]
    listed = {name: row[4] for row in rows for name in named(row[1])}
    assert sum(len(named(row[1])) for row in rows) == len(listed)
    assert set(listed) == set(RULES)
    for name, cell in listed.items():
        assert f"({RULES[name].page}{language}.md)" in cell


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_incident_has_a_procedure_with_commands(language: str) -> None:
    _, *sections = re.split(r"^## ", text("incidents", language), flags=re.MULTILINE)
    assert [section.partition("\n")[0] for section in sections] == INCIDENTS[language]
    assert all(BLOCK.search(section) for section in sections)


def test_every_alarm_links_to_an_existing_runbook_page() -> None:
    assert all((ROOT / runbook_page(rule.page)).exists() for rule in RULES.values())


def test_runbook_folder_contains_no_obsolete_pages() -> None:
    wanted = {
        f"{page}{language}.md"
        for page in [*PAGES, "incidents", "restore", "README"]
        for language in LANGUAGES
    }
    assert {path.name for path in RUNBOOK.iterdir()} == wanted
