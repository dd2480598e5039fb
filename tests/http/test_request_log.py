"""Log line of a request: one line, with the id of its token and never the token."""

import json
from typing import Any

import pytest

from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub, post


def requests(written: str) -> list[dict[str, Any]]:
    every = [json.loads(line) for line in written.splitlines()]
    return [line for line in every if line.get("message") == "request"]


def test_request_log_line_has_the_token_id_and_never_the_token(
    api: Gateway, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = hub.tokens.live[0].id, hub.tokens.issue(["snapshots:read"])
    post(api)
    post(api, headers={"Authorization": f"Bearer {second}"})
    post(api, headers={"Authorization": "Bearer nobody"})
    log = capsys.readouterr().out
    written = [(line["status"], line.get("token")) for line in requests(log)]
    assert written == [(201, first), (403, hub.tokens.live[1].id), (401, None)]
    assert second not in log
    assert "nobody" not in log


def test_request_log_line_has_the_subject_of_a_token_that_names_one(
    api: Gateway, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    named = hub.tokens.issue(subject="kim@example.com")
    reader = hub.tokens.issue(["snapshots:read"], subject="lee@example.com")
    for token in (named, reader):
        post(api, headers={"Authorization": f"Bearer {token}"})
    unnamed = hub.tokens.issue(subject=None)
    post(api, headers={"Authorization": f"Bearer {unnamed}"})
    post(api, headers={"Authorization": "Bearer nobody"})
    written = [(line["status"], line.get("token_subject")) for line in requests(capsys.readouterr().out)]
    assert written == [
        (201, "kim@example.com"),
        (403, "lee@example.com"),
        (200, None),
        (401, None),
    ]
