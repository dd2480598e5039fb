"""The worked numbers of `docs/numbers`, computed again by the hub: POST, engines, GET."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from functions.measures import backtest
from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.reports.risk import InputKind
from tests.fakes.hub import Hub

PAGES = Path(__file__).parents[2] / "docs" / "numbers"
FUNCTIONS = PAGES.parents[1] / "functions"
ROW = re.compile(r"^\| `([^`]+)` \| (\S+) \|$", re.MULTILINE)
BOOK = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REASONS = re.compile(r"^\| `reasons?` \| meaning \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
STEP = re.compile(r"(\w+)(?:\[([^\]]+)\])?")
# The page of the back-test has its own counts: a pipeline of 504 snapshots computed them.
REPORT_PAGES = sorted(
    page for page in PAGES.glob("*.md") if page.name.split(".")[0] not in {"README", "backtest"}
)
PARTS = ("weights", "covariance", "realized_returns")


@pytest.fixture(scope="module", autouse=True)
def _metrics() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub")
        yield


def subject(page: Path) -> str:
    return page.name.split(".")[0]


def posted_book(text: str) -> dict[str, Any]:
    """Return the page's book: its own, or the sample with the page's members."""
    found = BOOK.search(text)
    given: dict[str, Any] = json.loads(found[1]) if found else {}
    if "weights" in given:
        return given
    sample = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
    return {**{name: sample[name] for name in PARTS}, **given}


def answer(page: Path) -> dict[str, Any]:
    """Return what GET answers about the page's book."""
    hub, fields = Hub(), posted_book(page.read_text(encoding="utf-8"))
    if subject(page) == "stress":
        return hub.stress(**fields)
    if subject(page) == "exits":
        assert hub.put_policy(**fields.pop("policy")).status == 201
        hub.publish(**fields)
        return {"signals": hub.signals()}
    return hub.risk(**fields)


def worked_rows(text: str) -> list[tuple[str, str]]:
    """Return the paths and numbers of the last section of a page."""
    rows: list[tuple[str, str]] = ROW.findall(text.rpartition("\n## ")[2])
    assert rows
    return rows


def value_at(path: str, document: Any) -> Any:
    """Return the value at a path such as `tails[method=historical,confidence_bps=9900].value_at_risk`."""
    for name, wanted in STEP.findall(path):
        document = document[name]
        if wanted:
            (document,) = [row for row in document if has_members(row, wanted)]
    return document


def has_members(row: dict[str, Any], wanted: str) -> bool:
    pairs = (each.split("=") for each in wanted.split(","))
    return all(str(row[name]) == value for name, value in pairs)


def shown(value: Any, printed: str) -> str:
    """Return a value with as many decimals as the page prints."""
    if isinstance(value, float):
        return f"{value:.{len(printed.partition('.')[2])}f}"
    return json.dumps(value).strip('"')


@pytest.mark.parametrize("page", REPORT_PAGES, ids=lambda page: page.name)
def test_every_worked_number_of_a_page_equals_what_the_hub_answers(page: Path) -> None:
    rows, report = worked_rows(page.read_text(encoding="utf-8")), answer(page)
    assert rows == [(path, shown(value_at(path, report), printed)) for path, printed in rows]


@pytest.mark.parametrize("page", ["backtest.md", "backtest.ko.md"])
def test_every_worked_number_of_the_backtest_page_follows_from_its_counts(page: str) -> None:
    failed, days, last = 27, 504, 22
    text = (PAGES / page).read_text(encoding="utf-8")
    assert "| parametric_normal 95 % | 504 | 27 | 25.2 |" in (PAGES.parent / "backtest.md").read_text(
        encoding="utf-8"
    )
    report = {
        "expected_exceedances": days * backtest.failure_rate(9500),
        "kupiec": {"p_value": backtest.kupiec(days, failed, 9500).p_value},
        "basel": {
            "zone": backtest.basel_zone(last, 9500),
            "cumulative_probability": backtest.cumulative_probability(250, last, 9500),
        },
    }
    rows = worked_rows(text)
    assert rows == [(path, shown(value_at(path, report), printed)) for path, printed in rows]


def translated() -> Iterator[tuple[Path, Path]]:
    yield from ((page, page.with_suffix(".ko.md")) for page in PAGES.glob("*.md") if ".ko" not in page.name)


@pytest.mark.parametrize(
    ("english", "korean"),
    [pair for pair in translated() if pair[0].name != "README.md"],
    ids=lambda page: page.name,
)
def test_both_languages_show_the_same_numbers_codes_and_books(english: Path, korean: Path) -> None:
    first, second = (page.read_text(encoding="utf-8") for page in (english, korean))
    assert worked_rows(first) == worked_rows(second)
    assert BOOK.findall(first) == BOOK.findall(second)
    assert codes(first) == codes(second)


def codes(text: str) -> list[str]:
    """Return the first cell of each row that is a name in backquotes, in order."""
    return re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)


def test_every_page_of_a_measure_is_linked_from_the_overview() -> None:
    overview = (PAGES / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in PAGES.glob("*.md") if ".ko" not in page.name} - {"README.md"}
    assert set(re.findall(r"^\| \[[^\]]+\]\(([a-z]+\.md)\)", overview, re.MULTILINE)) == pages


@pytest.mark.parametrize("page", [page for page, _ in translated()], ids=lambda page: page.name)
def test_every_reason_that_a_page_explains_is_written_by_an_engine(page: Path) -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in FUNCTIONS.rglob("*.py"))
    absent = {f"{kind}_absent" for kind in get_args(InputKind)}
    explained = [
        reason
        for table in REASONS.findall(page.read_text(encoding="utf-8"))
        for row in table.splitlines()
        for reason in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    ]
    assert [reason for reason in explained if f'"{reason}"' not in code and reason not in absent] == []
