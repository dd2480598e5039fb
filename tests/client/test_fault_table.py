"""Client behaviour under each fault, on a real connection; `pytest tests/client` prints the table at its end."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from risk_hub_client import (
    AsyncRiskHubClient,
    DeniedError,
    HubError,
    InvalidSnapshotError,
    Patience,
    RefusedError,
    RiskHubClient,
    SpoolError,
    StoreError,
    UnavailableError,
    WorldFullError,
)
from tests.client.conftest import BOOK, FAULT, IMPATIENT, WORLD
from tests.client.server import (
    Fault,
    Server,
    answering,
    cut_before,
    cut_within,
    elsewhere,
    lost_after_commit,
    other_page,
    slow,
    status,
    trickle,
)

FAR = {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2300"}
HURRIED = replace(IMPATIENT, timeout_seconds=1.0)
LATE = HURRIED.timeout_seconds + 0.1
CONFLICT = "<Error><Code>ConditionalRequestConflict</Code></Error>"
SLOW = "<Error><Code>RequestTimeout</Code></Error>"
FULL_WORLD = '{"type": "urn:risk-hub:problem:world-full", "title": "The world is full", "status": 507}'
SOON, MUCH_LATER = {"Retry-After": "0"}, {"Retry-After": "3600"}
ALWAYS = IMPATIENT.attempts


@dataclass(frozen=True)
class Given:
    """The conditions of a row: a blob and a faulty store, a token, a spool, a full disk, a timeout."""

    store: bool = False
    wrong_token: bool = False
    spool: bool = False
    full_disk: bool = False
    patience: Patience = IMPATIENT


STORE, SPOOL, FULL = Given(store=True), Given(spool=True), Given(spool=True, full_disk=True)


@dataclass(frozen=True)
class Row:
    """One fault: what the server does to the requests, the result, and the number of requests."""

    fault: str
    happens: tuple[Fault, ...]
    outcome: str | type[HubError]
    requests: int
    stored: int = 1
    given: Given = field(default_factory=Given)


TABLE = (
    Row("429 without Retry-After, then success", (status(429),), "created", 2),
    Row("429 with Retry-After, then success", (status(429, SOON),), "created", 2),
    Row("429 that asks for more than the budget", (status(429, MUCH_LATER),), UnavailableError, 1, 0),
    Row("500, then success", (status(500),), "created", 2),
    Row("502, 503, 504, then success", (status(502), status(503), status(504)), "created", 4),
    Row("500 on every attempt", (status(500),) * ALWAYS, UnavailableError, ALWAYS, 0),
    Row("507 world-full", (answering(507, FULL_WORLD),), WorldFullError, 1, 0),
    Row("507 world-full, with a spool", (answering(507, FULL_WORLD),), WorldFullError, 1, 0, SPOOL),
    Row("507 of an intermediary, then success", (status(507),), "created", 2),
    Row("store: 507, then success", (answering(507, FULL_WORLD),), "created", 2, given=STORE),
    Row("connection cut before an answer", (cut_before,), "created", 2),
    Row("answer lost after the commit", (lost_after_commit,), "replayed", 2),
    Row("answer cut in its middle", (cut_within,), "replayed", 2),
    Row("answer later than the timeout", (slow(LATE),), "replayed", 2, given=Given(patience=HURRIED)),
    Row("answer lost after every commit", (lost_after_commit,) * ALWAYS, UnavailableError, ALWAYS),
    Row("401", (status(401),), DeniedError, 1, 0),
    Row("403", (status(403),), DeniedError, 1, 0),
    Row("400, or any other 4xx", (status(400),), RefusedError, 1, 0),
    Row("413", (status(413),), RefusedError, 1, 0),
    Row("a redirect", (elsewhere,), RefusedError, 1, 0),
    Row("408, then success", (status(408),), "created", 2),
    Row("sign-in page, then success", (other_page,), "created", 2),
    Row("sign-in page on every attempt", (other_page,) * ALWAYS, UnavailableError, ALWAYS, 0),
    Row("200 with other JSON", (answering(200, '{"message": "hi"}'),), HubError, 1, 0),
    Row("400 with a malformed errors member", (answering(400, '{"errors": ["bad"]}'),), RefusedError, 1, 0),
    Row("Retry-After beyond all dates", (status(503, FAR),), "created", 2),
    Row("store: 503, then success", (status(503),), "created", 2, given=STORE),
    Row(
        "store: 409 for concurrent writes, then success",
        (answering(409, CONFLICT),),
        "created",
        2,
        given=STORE,
    ),
    Row("store: 400 RequestTimeout, then success", (answering(400, SLOW),), "created", 2, given=STORE),
    Row("store: 403 for an expired signature, then success", (status(403),), "created", 2, given=STORE),
    Row("store: 403 on every attempt", (status(403),) * ALWAYS, StoreError, 2, 0, STORE),
    Row("store: 404", (status(404),), StoreError, 1, 0, STORE),
    Row("store: 503 on every attempt", (status(503),) * ALWAYS, UnavailableError, ALWAYS, 0, STORE),
    Row("wrong token, reported by the first read", (), DeniedError, 0, 0, Given(wrong_token=True)),
    Row("a clock that is months ahead of the hub's", (), "created", 1),
    Row("503 on every attempt, with a spool", (status(503),) * ALWAYS, "spooled", ALWAYS, 0, SPOOL),
    Row(
        "503 on every attempt, and the spool's disk is full",
        (status(503),) * ALWAYS,
        SpoolError,
        ALWAYS,
        0,
        FULL,
    ),
    Row("the spool's disk is full, the hub works", (), "created", 1, given=FULL),
)


Way = Callable[[Server, dict[str, Any], dict[str, Any]], str]


def publish(server: Server, options: dict[str, Any], book: dict[str, Any]) -> str:
    with RiskHubClient(server.url, **options) as client:
        return client.publish(WORLD, **book).outcome


def publish_async(server: Server, options: dict[str, Any], book: dict[str, Any]) -> str:
    async def run() -> str:
        async with AsyncRiskHubClient(server.url, **options) as client:
            return (await client.publish(WORLD, **book)).outcome

    return asyncio.run(run())


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def options(
    row: Row, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """Set up the conditions of a row."""
    server.faults.extend(row.happens)
    if row.given.store:
        server.on = ("PUT", "/store/")
    if row.given.full_disk:
        monkeypatch.setattr(os, "fsync", full)
    spool = {"spool": tmp_path / "spool"} if row.given.spool else {}
    yield {
        "token": "wrong" if row.given.wrong_token else server.token,
        "actor": "gateway",
        "stage": "paper",
        "patience": row.given.patience,
        **spool,
    }
    monkeypatch.undo()


def requests(server: Server, row: Row) -> int:
    return len([seen for seen in server.seen if seen.method == "PUT"] if row.given.store else server.posts())


@pytest.mark.parametrize("way", [publish, publish_async], ids=["blocking", "async"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.fault)
def test_publish_under_fault_matches_the_fault_table(
    server: Server,
    row: Row,
    way: Way,
    options: dict[str, Any],
    record_property: Callable[[str, object], None],
) -> None:
    returns = {"realized_returns": dict.fromkeys(("AAPL", "MSFT"), [0.01] * 100)} if row.given.store else {}
    if isinstance(row.outcome, str):
        assert way(server, options, BOOK | returns) == row.outcome
    else:
        with pytest.raises(row.outcome) as caught:
            way(server, options, BOOK | returns)
        assert type(caught.value) is row.outcome
        if row.outcome is not SpoolError:
            assert caught.value.request_id
            assert caught.value.request_id in str(caught.value)
    sent = requests(server, row)
    assert sent == row.requests
    assert len(server.hub.snapshots.rows) == row.stored
    record_property(FAULT, f"| {row.fault} | {_named(row.outcome)} | {sent} | {row.stored} |")


def test_all_attempts_of_one_request_share_a_correlation_id(server: Server, client: RiskHubClient) -> None:
    server.faults.extend((status(503), status(503)))
    client.publish(WORLD, **BOOK)
    assert len({seen.headers["x-correlation-id"] for seen in server.posts()}) == 1


def test_retry_after_accepts_a_date_and_ignores_an_invalid_value(
    server: Server, client: RiskHubClient
) -> None:
    moment = "Mon, 05 Jan 2026 12:00:00 GMT"
    server.faults.extend((status(429, {"Retry-After": moment}), status(503, {"Retry-After": "no time"})))
    assert client.publish(WORLD, **BOOK).outcome == "created"


def test_retry_after_beyond_the_budget_is_reported_in_the_error(
    server: Server, client: RiskHubClient
) -> None:
    server.faults.append(status(429, MUCH_LATER))
    with pytest.raises(UnavailableError) as caught:
        client.publish(WORLD, **BOOK)
    assert (caught.value.status, caught.value.retry_after_seconds) == (429, 3600.0)


def test_trickling_response_raises_unavailable_error(server: Server) -> None:
    server.faults.extend((trickle,) * ALWAYS)
    hasty = replace(IMPATIENT, budget_seconds=0.5)
    with (
        RiskHubClient(server.url, server.token, actor="gateway", stage="paper", patience=hasty) as client,
        pytest.raises(UnavailableError, match="not received in time"),
    ):
        client.publish(WORLD, **BOOK)


@pytest.mark.parametrize("last", [trickle, slow(1.7), cut_before])
def test_failure_after_an_answer_of_500_names_that_answer(server: Server, last: Fault) -> None:
    server.faults.extend((status(500), status(503), last, last, last))
    hasty = replace(IMPATIENT, attempts=3, budget_seconds=1.5)
    with (
        RiskHubClient(server.url, server.token, actor="gateway", stage="paper", patience=hasty) as client,
        pytest.raises(UnavailableError, match=r"the last answer: HTTP 503; 3 attempts") as caught,
    ):
        client.publish(WORLD, **BOOK)
    assert caught.value.status == 503


def test_late_answer_after_an_answer_of_500_names_that_answer_in_the_async_client(server: Server) -> None:
    server.faults.extend((status(500), trickle))
    hasty = replace(IMPATIENT, budget_seconds=0.8)

    async def publish() -> None:
        async with AsyncRiskHubClient(
            server.url, server.token, actor="gateway", stage="paper", patience=hasty
        ) as client:
            await client.publish(WORLD, **BOOK)

    with pytest.raises(UnavailableError, match="not received in time; the last answer: HTTP 500") as caught:
        asyncio.run(publish())
    assert caught.value.status == 500


def test_unreachable_hub_raises_unavailable_error() -> None:
    with (
        RiskHubClient("http://127.0.0.1:1", "t", actor="a", stage="paper", patience=IMPATIENT) as client,
        pytest.raises(UnavailableError, match="ConnectError"),
    ):
        client.publish(WORLD, **BOOK)


def test_wrong_token_raises_denied_error_with_the_hubs_problem(server: Server) -> None:
    with (
        RiskHubClient(server.url, "wrong", actor="gateway", stage="paper", patience=IMPATIENT) as client,
        pytest.raises(DeniedError) as caught,
    ):
        client.publish(WORLD, **BOOK)
    assert caught.value.type == "urn:risk-hub:problem:unauthenticated"
    assert "wrong" not in repr(client.settings)


def test_future_as_of_is_judged_by_the_hubs_clock_not_the_local_one(
    server: Server, client: RiskHubClient
) -> None:
    """The server's clock is in January 2026, this machine's is not: the client refuses as_of and posts
    nothing.
    """
    ours = client.memory.now()
    with pytest.raises(InvalidSnapshotError, match="as_of"):
        client.publish(WORLD, **BOOK | {"as_of": ours})
    assert server.posts() == []
    assert client.memory.now().date() == server.hub.clock().date()
    assert client.publish(WORLD, **BOOK).outcome == "created"


def _named(outcome: str | type[HubError]) -> str:
    return outcome if isinstance(outcome, str) else outcome.__name__
