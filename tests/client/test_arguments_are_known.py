"""A keyword argument that the client does not know is refused: ignored, it would be mistaken for a filter."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from risk_hub_client import AsyncRiskHubClient, RiskHubClient
from tests.client.conftest import WORLD
from tests.client.server import Server

READS: dict[str, Callable[..., Any]] = {
    "latest": lambda hub, **filters: hub.latest(WORLD, **filters),
    "lookup": lambda hub, **filters: hub.lookup(WORLD, version="v1", **filters),
    "list": lambda hub, **filters: hub.list(WORLD, **filters),
    "latest_risk": lambda hub, **filters: hub.latest_risk(WORLD, **filters),
    "latest_stress": lambda hub, **filters: hub.latest_stress(WORLD, **filters),
    "backtest": lambda hub, **options: hub.backtest(WORLD, "paper", **options),
}


@pytest.mark.parametrize("name", READS)
def test_read_with_an_unknown_argument_is_refused_before_a_request(
    client: RiskHubClient, server: Server, name: str
) -> None:
    with pytest.raises(TypeError, match="unknown argument 'stages'; known arguments are "):
        list(READS[name](client, stages="paper"))
    assert server.seen == []


def test_asynchronous_read_with_an_unknown_argument_is_refused_before_a_request(server: Server) -> None:
    unknown: Any = {"limit": 1}

    async def read() -> None:
        async with AsyncRiskHubClient(server.url, "token") as hub:
            await hub.latest(WORLD, **unknown)

    with pytest.raises(TypeError, match="unknown argument 'limit'"):
        asyncio.run(read())
    assert server.seen == []
