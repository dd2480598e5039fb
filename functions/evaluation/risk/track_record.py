"""Windows of the book's returns, and of the portfolio's own track record."""

from collections.abc import Sequence
from datetime import UTC, date

from functions.evaluation.risk.inputs import ReturnsInput
from functions.evaluation.risk.windows import PRO_FORMA, TRACK_RECORD, windows_of
from functions.measures.frequency import periods_per_year_of, stated_periods_per_year
from functions.measures.returns import BookReturns
from risk_hub_contracts.base.limits import RETURN_MAX_ABS
from risk_hub_contracts.reports.risk import TrackRecord, WindowStatistics
from risk_hub_contracts.snapshot.parse import Snapshot


def returns_windows(snapshot: Snapshot, returns: ReturnsInput) -> list[WindowStatistics]:
    """Return the windows of the book's realised returns; a bare series is a track record."""
    if returns.book is None or returns.decoded is None:
        return []
    basis = PRO_FORMA if returns.decoded.ids else TRACK_RECORD
    return windows_of(returns.book, stated_periods_per_year(snapshot.returns_meta, returns.dates), basis)


def track_record(snapshot: Snapshot) -> TrackRecord | None:
    """Return the track record that the snapshot sends; None without one."""
    record = snapshot.portfolio_returns
    if record is None:
        return None
    values, dates = record.dated_returns()
    reason = _reason(values, dates, snapshot.as_of.astimezone(UTC).date())
    per_year = record.periods_per_year or (None if dates is None else periods_per_year_of(dates))
    book = BookReturns(values, None if dates is None else tuple(dates))
    return TrackRecord(
        observations=len(values),
        first_date=dates[0].isoformat() if dates else None,
        last_date=dates[-1].isoformat() if dates else None,
        periods_per_year=per_year,
        windows=[] if reason is not None else windows_of(book, per_year, TRACK_RECORD),
        reason=reason,
    )


def _reason(values: Sequence[float], dates: Sequence[date] | None, as_of: date) -> str | None:
    """Return why a track record gives no numbers."""
    if not values:
        return "too_few_observations"
    if not max(map(abs, values)) <= RETURN_MAX_ABS:
        return "returns_out_of_range"
    return "returns_after_as_of" if dates and dates[-1] > as_of else None
