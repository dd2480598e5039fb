"""The committed page: each missed budget has its reason, and the page follows from its lines."""

from pathlib import Path

from tools.bench.gate import baseline
from tools.bench.lines import Line
from tools.bench.memory import MB
from tools.bench.page import page

COMMITTED = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
UNKNOWN = Line("", "", "", "", within_budget=False).reason


def missed(text: str) -> list[str]:
    return [row.split("|")[1].strip() for row in text.splitlines() if row.endswith("| **no** |")]


def reasons(text: str) -> dict[str, str]:
    section = text.partition("## Missed budgets")[2].partition("##")[0]
    lines = [line.removeprefix("- **") for line in section.splitlines() if line.startswith("- **")]
    return dict(line.split("**: ", maxsplit=1) for line in lines)


def test_each_missed_budget_is_named_with_its_reason() -> None:
    assert sorted(reasons(COMMITTED)) == sorted(missed(COMMITTED))
    assert UNKNOWN not in reasons(COMMITTED).values()


def test_page_shows_every_line_and_the_reason_of_each_missed_budget() -> None:
    held = Line("cold", "300 ms", "310 ms", "≤ 1 ×", within_budget=True)
    text = page([held, Line("warm", "2 ms", "1 ms", "≤ 1.3 ×", within_budget=False, reason="of the weather")])
    assert "| cold | 300 ms | 310 ms | ≤ 1 × | yes |" in text
    assert missed(text) == ["warm"]
    assert reasons(text) == {"warm": "of the weather"}
    assert "None." in page([held])


def test_committed_page_and_baseline_have_the_same_bundle_sizes() -> None:
    missing = [
        name
        for name, size in baseline()["zip_bytes"].items()
        if f"| bundle {name} | {size / MB:.2f} MB |" not in COMMITTED
    ]
    assert missing == [], "make bench writes both"
