"""What a client makes of each bad day, on a real connection; `pytest tests/client` prints the table at its end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from risk_hub_contracts.client import (
    AsyncRiskHubClient,
    DeniedError,
    HubError,
    InvalidSnapshotError,
    RefusedError,
    RiskHubClient,
    UnavailableError,
)
from tests.client.conftest import BOOK, FAULT, IMPATIENT, WORLD
from tests.client.server import (
    Fault,
    Server,
    cut_before,
    cut_within,
    elsewhere,
    lost_after_commit,
    other_page,
    slow,
    status,
    trickle,
)

LATE = IMPATIENT.timeout_seconds + 0.1
SOON, MUCH_LATER = {"Retry-After": "0"}, {"Retry-After": "3600"}
ALWAYS = IMPATIENT.attempts


@dataclass(frozen=True)
class Row:
    """One bad day: what the server does to the requests, what comes of it, how many requests it takes."""

    fault: str
    happens: tuple[Fault, ...]
    outcome: str | type[HubError]
    requests: int
    stored: int = 1


TABLE = (
    Row("429 without Retry-After, then well", (status(429),), "created", 2),
    Row("429 with Retry-After, then well", (status(429, SOON),), "created", 2),
    Row("429 that asks for more than the budget", (status(429, MUCH_LATER),), UnavailableError, 1, 0),
    Row("500, then well", (status(500),), "created", 2),
    Row("502, 503, 504, then well", (status(502), status(503), status(504)), "created", 4),
    Row("500 for ever", (status(500),) * ALWAYS, UnavailableError, ALWAYS, 0),
    Row("connection cut before an answer", (cut_before,), "created", 2),
    Row("answer lost after the commit", (lost_after_commit,), "replayed", 2),
    Row("answer cut in its middle", (cut_within,), "replayed", 2),
    Row("answer later than the timeout", (slow(LATE),), "replayed", 2),
    Row("answer lost after every commit", (lost_after_commit,) * ALWAYS, UnavailableError, ALWAYS),
    Row("401", (status(401),), DeniedError, 1, 0),
    Row("403", (status(403),), DeniedError, 1, 0),
    Row("400, or any other 4xx", (status(400),), RefusedError, 1, 0),
    Row("413", (status(413),), RefusedError, 1, 0),
    Row("a redirect", (elsewhere,), RefusedError, 1, 0),
    Row("another server's page", (other_page,), HubError, 1, 0),
)


def publish(server: Server) -> str:
    with RiskHubClient(
        server.url, server.token, actor="gateway", stage="paper", patience=IMPATIENT
    ) as client:
        return client.publish(WORLD, **BOOK).outcome


def publish_async(server: Server) -> str:
    async def run() -> str:
        options = {"actor": "gateway", "stage": "paper"}
        async with AsyncRiskHubClient(server.url, server.token, patience=IMPATIENT, **options) as client:
            return (await client.publish(WORLD, **BOOK)).outcome

    return asyncio.run(run())


@pytest.mark.parametrize("way", [publish, publish_async], ids=["blocking", "async"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.fault)
def test_a_bad_day_ends_as_the_table_says(
    server: Server, row: Row, way: Callable[[Server], str], record_property: Callable[[str, object], None]
) -> None:
    server.faults.extend(row.happens)
    if isinstance(row.outcome, str):
        assert way(server) == row.outcome
    else:
        with pytest.raises(row.outcome) as caught:
            way(server)
        assert type(caught.value) is row.outcome
        assert caught.value.request_id
        assert caught.value.request_id in str(caught.value)
    assert len(server.posts()) == row.requests
    assert len(server.hub.snapshots.rows) == row.stored
    record_property(FAULT, f"| {row.fault} | {_named(row.outcome)} | {len(server.posts())} | {row.stored} |")


def test_one_request_has_one_id_in_all_its_attempts(server: Server, client: RiskHubClient) -> None:
    server.faults.extend((status(503), status(503)))
    client.publish(WORLD, **BOOK)
    assert len({seen.headers["x-correlation-id"] for seen in server.posts()}) == 1


def test_retry_after_is_obeyed_in_seconds_and_as_a_date(server: Server, client: RiskHubClient) -> None:
    moment = "Mon, 05 Jan 2026 12:00:00 GMT"
    server.faults.extend((status(429, {"Retry-After": moment}), status(503, {"Retry-After": "no time"})))
    assert client.publish(WORLD, **BOOK).outcome == "created"


def test_what_would_outlast_the_budget_says_how_long_the_hub_asked_for(
    server: Server, client: RiskHubClient
) -> None:
    server.faults.append(status(429, MUCH_LATER))
    with pytest.raises(UnavailableError) as caught:
        client.publish(WORLD, **BOOK)
    assert (caught.value.status, caught.value.retry_after_seconds) == (429, 3600.0)


def test_an_answer_that_trickles_is_given_up(server: Server) -> None:
    server.faults.extend((trickle,) * ALWAYS)
    hasty = replace(IMPATIENT, budget_seconds=0.5)
    with (
        RiskHubClient(server.url, server.token, actor="gateway", stage="paper", patience=hasty) as client,
        pytest.raises(UnavailableError, match="too slowly"),
    ):
        client.publish(WORLD, **BOOK)


def test_a_hub_that_is_not_there_is_unavailable() -> None:
    with (
        RiskHubClient("http://127.0.0.1:1", "t", actor="a", stage="paper", patience=IMPATIENT) as client,
        pytest.raises(UnavailableError, match="ConnectError"),
    ):
        client.publish(WORLD, **BOOK)


def test_a_wrong_token_is_told_by_the_hub_itself(server: Server) -> None:
    with (
        RiskHubClient(server.url, "wrong", actor="gateway", stage="paper", patience=IMPATIENT) as client,
        pytest.raises(DeniedError) as caught,
    ):
        client.publish(WORLD, **BOOK)
    assert caught.value.type == "urn:risk-hub:problem:unauthenticated"
    assert "wrong" not in repr(client.settings)


def test_a_snapshot_of_the_future_is_judged_by_the_hubs_clock_not_by_ours(
    server: Server, client: RiskHubClient
) -> None:
    """The server's clock stands in January 2026, this machine's does not: as_of is refused here, and nothing posted."""
    ours = client.memory.now()
    with pytest.raises(InvalidSnapshotError, match="as_of"):
        client.publish(WORLD, **BOOK | {"as_of": ours})
    assert server.posts() == []
    assert client.memory.now().date() == server.hub.clock().date()
    assert client.publish(WORLD, **BOOK).outcome == "created"


def _named(outcome: str | type[HubError]) -> str:
    return outcome if isinstance(outcome, str) else outcome.__name__
