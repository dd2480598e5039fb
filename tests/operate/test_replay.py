"""`events replay`: pages, rate, resumption, and output for the operator."""

import json
import shlex
from typing import Any

import pytest

from infra.names import table_name
from infra.ops.operate.rate_limiter import RateLimiter
from infra.ops.operate.replay import Period, replay
from infra.recovery.relay import Relay
from tests.fakes.clients import as_client
from tests.operate.conftest import STAGE, RelayDouble, Run, Stage, key, page

FROM, TO = "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"
ASKED = ("events", "replay", "--world", "us20", "--from", FROM, "--to", TO)


def pages(*counts: int) -> list[dict[str, object]]:
    """Return answers with this many snapshots each, the last without a cursor."""
    last = len(counts) - 1
    return [
        page(count, reached=FROM, next_cursor=None if number == last else f"c{number + 1}")
        for number, count in enumerate(counts)
    ]


def test_replay_requests_every_page_once_in_order(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = pages(3, 3, 1)
    assert run(*ASKED, "--rate", "500") == 0
    assert [request["cursor"] for request in stage.relay.requests] == [None, "c1", "c2"]
    requested = {"world_id": "us20", "from": FROM, "to": TO, "limit": 100, "dry_run": False}
    assert all(requested.items() <= request.items() for request in stage.relay.requests)
    assert "us20: announced 7 snapshots again" in capsys.readouterr().out


@pytest.mark.parametrize(("options", "did"), [((), "announced"), (("--dry-run",), "would announce")])
def test_replay_of_one_snapshot_prints_the_singular(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], did: str
) -> None:
    stage.relay.answers = pages(1)
    assert run(*ASKED, *options) == 0
    assert f"us20: {did} 1 snapshot again; " in capsys.readouterr().out


def test_replay_json_option_prints_the_counts(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = [page(4, expired=2, reached=TO)]
    assert run(*ASKED, "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {
        "world_id": "us20",
        "dry_run": False,
        "found": 4,
        "announced": 4,
        "expired": 2,
        "reached": TO,
        "cursor": None,
    }
    assert printed.err == ""


def test_replay_dry_run_is_passed_to_the_relay(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = [page(4, announced=0)]
    assert run(*ASKED, "--dry-run", "--rate", "1") == 0
    (request,) = stage.relay.requests
    assert (request["dry_run"], request["limit"]) == (True, 100)
    assert "would announce 4 snapshots" in capsys.readouterr().out


def test_failed_replay_prints_a_command_that_resumes_it(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = [*pages(3, 3)[:1], {"errorMessage": "the event bus is unavailable"}]
    assert run(*ASKED, "--rate", "500") == 1
    printed = capsys.readouterr().err
    assert "the event bus is unavailable" in printed
    command = printed.partition("risk-hub ")[2].splitlines()[0]
    stage.relay.requests.clear()
    assert run(*shlex.split(command)) == 0
    assert stage.relay.requests[0]["cursor"] == "c1"
    assert f"--stage-name {STAGE}" in command


def test_replay_keeps_to_the_rate() -> None:
    slept: list[float] = []
    relay = RelayDouble(answers=pages(5, 5, 2))
    pace = RateLimiter(5, clock=lambda: sum(slept), sleep=slept.append)
    done = list(replay(Relay(as_client(relay), STAGE), Period("us20", FROM, TO), pace))
    assert [request["limit"] for request in relay.requests] == [5, 5, 5]
    assert slept == [1.0, 1.0]
    assert done[-1].announced == 12


def test_replay_does_not_sleep_when_the_relay_is_slower_than_the_rate() -> None:
    slept: list[float] = []
    seconds = iter(range(0, 1000, 10))
    pace = RateLimiter(5, clock=lambda: float(next(seconds)), sleep=slept.append)
    list(replay(Relay(as_client(RelayDouble(answers=pages(5, 5))), STAGE), Period("us20", FROM, TO), pace))
    assert slept == []


def test_rate_below_one_allows_one_snapshot_at_a_time() -> None:
    assert RateLimiter(0.5).batch_size(100) == 1


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("events", "replay", "--from", FROM, "--to", TO), "--world"),
        (("events", "replay", "--world", "", "--from", FROM, "--to", TO), "'' must be 1 to 128 characters"),
        (("risk", "evaluate", "../w"), "'../w' must be 1 to 128 characters"),
        (("risk", "verify", "", "v1"), "'' must be 1 to 128 characters"),
        (("risk", "verify", "w", ""), "'' must be 1 to 128 characters"),
        (("events", "replay", "--world", "w", "--from", "yesterday", "--to", TO), "RFC 3339"),
        (("events", "replay", "--world", "w", "--from", "2026-01-05T00:00:00", "--to", TO), "RFC 3339"),
        (("events", "replay", "--world", "w", "--from", TO, "--to", FROM), "--from is later than --to"),
        ((*ASKED, "--rate", "-1"), "a number above 0"),
        (("events",), "No such option"),
        ((), "No such option"),
    ],
)
def test_invalid_replay_arguments_are_a_usage_error(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    assert run(*arguments) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--json",)])
def test_replay_of_an_unknown_world_lists_the_known_worlds(
    stage: Stage, run: Run, tables: Any, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    for world in ("us20", "eu50"):
        tables.put_item(
            TableName=table_name(STAGE, "worlds"), Item=key(world_id=world, stage="paper", head_version="v1")
        )
    tables.put_item(TableName=table_name(STAGE, "worlds"), Item=key(world_id="unborn", stage="paper"))
    stage.relay.answers = [page(0)]
    requested = ("events", "replay", "--world", "nope", "--from", FROM, "--to", TO, *more)
    assert run(*requested) == 1
    printed = capsys.readouterr()
    text = "Stage dev has no snapshot of world 'nope'. Worlds: eu50, us20."
    assert text in " ".join(printed.err.split())
    assert (not printed.out) or json.loads(printed.out)["error"] == text


def test_replay_with_a_rejected_cursor_prints_no_resume_command(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = [{"refused": "cursor-invalid: the cursor was not issued for this query"}]
    assert run(*ASKED, "--cursor", "bad") == 1
    printed = capsys.readouterr().err
    assert "The request was refused: cursor-invalid" in printed
    assert "Continue with" not in printed


def test_replay_of_an_empty_period_announces_nothing(
    stage: Stage, run: Run, tables: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.put_item(TableName=table_name(STAGE, "snapshots"), Item=key(world_id="us20", version="v1"))
    stage.relay.answers = [page(0)]
    assert run(*ASKED) == 0
    assert "us20: announced 0 snapshots again" in capsys.readouterr().out
