"""`logs` shows the newest lines, from a service that pages oldest first and from one that cuts off the newest."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.ops.operate import function_log, inspect_commands
from infra.ops.operate.function_log import LogLines, log_lines
from tests.operate.conftest import STAGE, Run, Stage

Events = list[dict[str, Any]]
PAGE = 10


class Logs:
    """A log group with this many events; `pages` as CloudWatch does, or one page that leaves out the newest."""

    def __init__(self, ages_seconds: list[float], *, pages: bool) -> None:
        now = datetime.now(UTC).timestamp()
        ordered = sorted(now - age for age in ages_seconds)
        self.events = [
            {"timestamp": int(at * 1000), "message": f"line {number}\n"} for number, at in enumerate(ordered)
        ]
        self.pages = pages
        self.requests = 0

    def client(self, service: str) -> "Logs":
        assert service == "logs"
        return self

    def get_paginator(self, operation: str) -> "Logs":
        assert operation == "filter_log_events"
        return self

    def paginate(self, **requested: Any) -> Iterator[dict[str, Events]]:
        self.requests += 1
        found = [
            each
            for each in self.events
            if requested["startTime"] <= each["timestamp"] <= requested["endTime"]
        ]
        chunks = (
            [found[start : start + PAGE] for start in range(0, len(found), PAGE)]
            if self.pages
            else [found[:PAGE]]
        )
        yield from ({"events": chunk} for chunk in chunks or [[]])


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function_log, "PAGE_MAX_EVENTS", PAGE)


def numbers(found: LogLines) -> list[int]:
    return [int(line.removeprefix("line ")) for line in found.lines]


@pytest.mark.parametrize("pages", [True, False], ids=["pages", "one page"])
@pytest.mark.parametrize(
    "ages_seconds",
    [
        [number * 0.5 for number in range(97)],
        [number * 30.0 for number in range(97)],
        [*(number * 0.01 for number in range(48)), *(3_000 + number for number in range(49))],
    ],
    ids=["a burst", "an even flow", "two bursts"],
)
@pytest.mark.parametrize("max_count", [1, 25, 96, 97, 98])
def test_the_newest_lines_are_returned_oldest_first(
    ages_seconds: list[float], max_count: int, *, pages: bool
) -> None:
    found = log_lines(Logs(ages_seconds, pages=pages), STAGE, "risk_engine", 60, "", max_count=max_count)
    assert numbers(found) == list(range(97))[-max_count:]
    assert (found.left_out_before is not None) is (max_count < 97)


@pytest.mark.parametrize("pages", [True, False], ids=["pages", "one page"])
def test_only_log_lines_with_the_text_are_returned(*, pages: bool) -> None:
    logs = Logs([number * 10.0 for number in range(97)], pages=pages)
    found = log_lines(logs, STAGE, "risk_engine", 60, "line 1", max_count=5)
    assert numbers(found) == [15, 16, 17, 18, 19]
    assert found.left_out_before is not None


def test_empty_log_hour_is_read_in_at_most_seven_requests() -> None:
    logs = Logs([], pages=True)
    assert log_lines(logs, STAGE, "risk_engine", 60, "") == LogLines([], None)
    assert logs.requests <= 7


def test_omitted_log_lines_are_reported_on_stderr(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stage
    cut = LogLines(["a", "b"], datetime(2026, 1, 5, 9, tzinfo=UTC))
    monkeypatch.setattr(inspect_commands, "log_lines", lambda *_: cut)
    assert run("logs", "risk-engine") == 0
    printed = capsys.readouterr()
    assert printed.out == "a\nb\n"
    assert "Lines shown: the newest 2; older lines, before 2026-01-05T09:00:00Z, are not shown" in printed.err


@pytest.mark.parametrize("minutes", [99_999_999, 999_999_999_999])
def test_a_period_longer_than_any_log_shows_the_whole_log(minutes: int) -> None:
    logs = Logs([10.0], pages=True)
    assert numbers(log_lines(logs, STAGE, "risk_engine", minutes, "")) == [0]
