"""What a door writes about a request: one line, with the id of its token and never the token."""

import io
import json
from typing import Any

import pytest

from functions.hub.http.door import logger
from tests.fakes.gateway import Gateway
from tests.http.conftest import Hub, post


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", written)
    return written


def lines(log: io.StringIO, message: str) -> list[dict[str, Any]]:
    every = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in every if line["message"] == message]


def test_the_line_of_a_request_names_its_token_by_the_id(api: Gateway, hub: Hub, log: io.StringIO) -> None:
    first, second = hub.tokens.live[0].id, hub.tokens.issue(["snapshots:read"])
    post(api)
    post(api, headers={"Authorization": f"Bearer {second}"})
    post(api, headers={"Authorization": "Bearer nobody"})
    written = [(line["status"], line.get("token")) for line in lines(log, "request")]
    assert written == [(201, first), (403, hub.tokens.live[1].id), (401, None)]
    assert second not in log.getvalue()
    assert "nobody" not in log.getvalue()
