"""Realised returns are joined by date; errors name the asset, the date and the row."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_client import InvalidSnapshotError, to_dataframe
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.write import encode_returns
from tests.client.prepared import content_hash

DAYS = [date(2025, 12, 29), date(2025, 12, 30), date(2026, 1, 2)]
VALUES = {"A": [0.01, -0.02, 0.005], "B": [0.0, 0.01, -0.01], "C": [0.02, 0.03, 0.0]}
STAMPS = pd.DatetimeIndex(DAYS)
FRAME = pd.DataFrame(VALUES, index=STAMPS)
SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")


def closes(hour: int, zone: ZoneInfo) -> list[datetime]:
    return [datetime(day.year, day.month, day.day, hour, tzinfo=zone) for day in DAYS]


SAME_DATED_RETURNS: dict[str, Any] = {
    "series": dict(FRAME.items()),
    "rows in another order": FRAME.iloc[[2, 0, 1]],
    "columns in another order": FRAME[["C", "A", "B"]],
    "date column": FRAME.rename_axis("date").reset_index(),
    "date column of texts": pd.DataFrame({"date": [day.isoformat() for day in DAYS], **VALUES}),
    "index of dates": pd.DataFrame(VALUES, index=pd.Index(DAYS)),
    "index of texts": pd.DataFrame(VALUES, index=[day.isoformat() for day in DAYS]),
    "time zone": FRAME.tz_localize("America/New_York"),
    "objects": FRAME.astype(object),
    "mappings of dates": {name: dict(zip(DAYS, values, strict=True)) for name, values in VALUES.items()},
    "mappings of texts": {
        name: dict(zip([day.isoformat() for day in DAYS], values, strict=True))
        for name, values in VALUES.items()
    },
    "tables of one column": {name: FRAME[[name]] for name in VALUES},
    "tables with a date column": {
        name: pd.DataFrame({"date": DAYS, "return": values}) for name, values in VALUES.items()
    },
    "datetime64 labels": {
        name: dict(zip(np.array(DAYS, "datetime64[D]"), values, strict=True))
        for name, values in VALUES.items()
    },
    "closes of two exchanges": {
        "A": pd.Series(VALUES["A"], index=pd.DatetimeIndex(closes(16, NEW_YORK))),
        "B": pd.Series(VALUES["B"], index=pd.DatetimeIndex(closes(15, SEOUL))),
        "C": pd.Series(VALUES["C"], index=STAMPS),
    },
}


@pytest.mark.parametrize("form", SAME_DATED_RETURNS)
def test_all_forms_of_dated_returns_have_the_same_content_hash(form: str) -> None:
    found = content_hash(realized_returns=SAME_DATED_RETURNS[form])
    assert found == content_hash(realized_returns=FRAME)


def test_dated_returns_of_the_portfolio_are_sorted_by_date() -> None:
    series = FRAME["A"]
    assert content_hash(realized_returns=series[::-1]) == content_hash(realized_returns=series)
    assert content_hash(realized_returns=series) != content_hash(realized_returns=series.tolist())


@given(rows=st.permutations(range(3)), names=st.permutations("ABC"), as_mapping=st.booleans())
def test_content_hash_of_dated_returns_ignores_the_order_of_dates_and_assets(
    rows: list[int], names: list[str], *, as_mapping: bool
) -> None:
    frame = FRAME.iloc[rows][names]
    returns = dict(frame.items()) if as_mapping else frame
    assert content_hash(realized_returns=returns) == content_hash(realized_returns=FRAME)


def test_intraday_dates_of_a_table_are_kept_as_instants() -> None:
    frame = FRAME.set_axis(pd.DatetimeIndex(closes(16, NEW_YORK)))
    assert content_hash(realized_returns=frame) != content_hash(realized_returns=FRAME)
    assert content_hash(realized_returns=frame[::-1]) == content_hash(realized_returns=frame)


def test_dates_of_a_blob_may_be_in_any_order() -> None:
    blob = encode_returns(VALUES, [day.isoformat() for day in reversed(DAYS)])
    assert content_hash(realized_returns=blob) != content_hash(realized_returns=FRAME)


def test_returns_with_dates_and_instants_convert_to_a_dataframe_in_utc() -> None:
    blob = encode_returns({"A": [0.1, 0.2, 0.3]}, ["2025-12-31", "2025-12-30", "2026-01-02T18:00:00-05:00"])
    found = to_dataframe(decode(blob))
    assert list(found.index) == list(
        pd.to_datetime(["2025-12-31", "2025-12-30", "2026-01-02 23:00"], format="ISO8601", utc=True)
    )


def changed(asset: str, row: int, value: complex | str) -> pd.DataFrame:
    frame = FRAME.astype(object)
    frame.loc[STAMPS[row], asset] = value
    return frame


SECOND_OF_B = "/realized_returns/B/1: the return of 'B' on 2025-12-30 .row 1."
REFUSED: list[tuple[Any, str]] = [
    (changed("B", 1, np.inf), f"{SECOND_OF_B} is infinite"),
    (changed("B", 1, "0.01"), f"{SECOND_OF_B} is '0.01', which is not a number"),
    (changed("B", 1, True), f"{SECOND_OF_B} is True, which is not a number"),  # noqa: FBT003
    (changed("B", 1, 0.01j), f"{SECOND_OF_B} is 0.01j, which is not a number"),
    (changed("B", 1, 1e7), f"{SECOND_OF_B} is 10000000.0, beyond the limit of 1e.06"),
    (dict(changed("B", 1, np.inf).items()), f"{SECOND_OF_B} is infinite"),
    ({"A": [0.1, -np.inf]}, "the return of 'A' .row 1. is infinite"),
    ([0.1, np.inf], "/realized_returns/1: the return of the portfolio .row 1. is infinite"),
    (FRAME["A"] * np.inf, "the return of the portfolio on 2025-12-29 .row 0. is infinite"),
    (FRAME.iloc[[0, 1, 0]], "the returns have two rows for 2025-12-29 .0 and 2."),
    ({"A": FRAME["A"].iloc[[0, 0]]}, "the returns of 'A' have two rows for 2025-12-29 .0 and 1."),
    (
        {"A": pd.Series([0.1, 0.2], index=pd.DatetimeIndex(["2026-01-02 10:00", "2026-01-02 11:00"]))},
        "the returns of 'A' have two rows for 2026-01-02",
    ),
    (
        pd.DataFrame({"A": [0.1, 0.2]}, index=pd.DatetimeIndex(["2026-01-02 10:00", "2026-01-02 11:00"])),
        "row 1: dates_repeated: .* has the UTC date 2026-01-02",
    ),
    (pd.DataFrame(VALUES, index=[*STAMPS[:2], pd.NaT]), "have no date in row 2 .NaT."),
    (pd.DataFrame(VALUES, index=pd.Index([*STAMPS[:2], pd.NA], dtype=object)), "have no date in row 2"),
    (pd.DataFrame(VALUES, index=["2026-01-01", "03/02/2026", "x"]), "have '03/02/2026', which is not an ISO"),
    (pd.Series([0.1, 0.2], index=["A", "B"]), "have 'A', which is not an ISO 8601 date in row 0"),
    (
        pd.DataFrame({"A": [0.1, 0.2]}, index=["2026-01-01T10:00:00", "2026-01-01T10:00:00Z"]),
        r"mix kinds of dates \(a local time in row 0, an instant in row 1\)",
    ),
    (FRAME.stack(), "index has several levels.*unstack"),  # noqa: PD013 - what is refused
    ({"A": [0.1, 10**400]}, "the return of 'A' .row 1. is 1000000000.*, beyond the limit"),
    ({"A": FRAME["A"], "B": [0.1, 0.2, 0.3]}, "series of 'B' has no dates, but that of 'A' has"),
    ({"A": FRAME}, "table of 'A' must have dates .* and one column"),
    ({"A": FRAME["A"].to_period("D")}, "to_timestamp"),
    (
        {"A": [0.1] * 250, "B": [0.1] * 249, "C": [0.1] * 250},
        "must have one length, not several .A 250, B 249.",
    ),
]


@pytest.mark.parametrize(("returns", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_invalid_returns_are_refused_by_asset_date_and_row(returns: Any, reason: str) -> None:
    with pytest.raises(InvalidSnapshotError, match=reason):
        content_hash(realized_returns=returns)
