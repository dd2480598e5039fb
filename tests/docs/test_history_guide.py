"""The query of the history's guide is the one that the example runs, and its table names the row's members."""

import re
from pathlib import Path

import pytest

from risk_hub_contracts.api.history_answers import HistoryRow

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
PAGES = ["history.md", "history.ko.md"]


@pytest.mark.parametrize("page", PAGES)
def test_query_for_athena_is_the_query_that_duckdb_ran(page: str) -> None:
    (shown,) = re.findall(r"```sql\n(.*?)```", (GUIDES / page).read_text(encoding="utf-8"), re.DOTALL)
    assert shown == (GUIDES / "examples" / "history_daily_weight.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_guide_names_each_member_of_a_row(page: str) -> None:
    rows = [
        line for line in (GUIDES / page).read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(HistoryRow.__annotations__)
