"""`risk evaluate`: pages, rate, resumption, and the counts shown to the operator."""

import json
import shlex
from typing import Any

import pytest

from infra.names import table_name
from tests.operate.conftest import STAGE, Run, Stage, key, page

FROM, TO = "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"
ASKED = ("risk", "evaluate", "us20", "--from", FROM, "--to", TO)


def test_evaluate_sums_queued_and_evaluated_counts_over_all_pages(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = [
        page(4, announced=3, evaluated=1, next_cursor="c1", reached=FROM),
        page(3, announced=1, evaluated=1, awaited=1, reached=TO),
    ]
    assert run(*ASKED, "--rate", "500", "--stage", "PAPER") == 0
    assert [request["cursor"] for request in stage.relay.requests] == [None, "c1"]
    requested = {"world_id": "us20", "from": FROM, "to": TO, "evaluate": True, "stage": "paper"}
    assert all(requested.items() <= request.items() for request in stage.relay.requests)
    output = capsys.readouterr().out
    assert (
        "us20: 4 queued, 2 already evaluated, 1 left to the engines, which may still evaluate them" in output
    )


def test_evaluate_without_a_period_covers_the_whole_history(stage: Stage, run: Run) -> None:
    stage.relay.answers = [page(1)]
    assert run("risk", "evaluate", "us20") == 0
    (request,) = stage.relay.requests
    assert request["from"] == "1990-01-01T00:00:00Z"
    assert request["to"] > "2026"
    assert request["stage"] is None


def test_evaluate_dry_run_counts_snapshots_that_would_be_queued(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = [page(5, announced=0, evaluated=2)]
    assert run(*ASKED, "--dry-run") == 0
    assert stage.relay.requests[0]["dry_run"] is True
    assert "us20: 3 would be queued, 2 already evaluated" in capsys.readouterr().out


def test_evaluate_json_option_prints_the_counts(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = [page(5, announced=3, evaluated=1, awaited=1, expired=4, reached=TO)]
    assert run(*ASKED, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "world_id": "us20",
        "dry_run": False,
        "queued": 3,
        "found": 5,
        "expired": 4,
        "reached": TO,
        "cursor": None,
        "evaluated": 1,
        "awaited": 1,
    }


def test_evaluate_of_an_empty_period_exits_with_status_1(
    stage: Stage, run: Run, tables: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.put_item(TableName=table_name(STAGE, "snapshots"), Item=key(world_id="us20", version="v1"))
    stage.relay.answers = [page(0)]
    assert run(*ASKED, "--stage", "live") == 1
    reason = "us20: no snapshot in this period at stage live; `risk-hub contract` lists the stages"
    assert reason in " ".join(capsys.readouterr().err.split())


def test_evaluate_of_an_unknown_world_lists_the_known_worlds_in_json(
    stage: Stage, run: Run, tables: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.put_item(
        TableName=table_name(STAGE, "worlds"), Item=key(world_id="us20", stage="paper", head_version="v1")
    )
    stage.relay.answers = [page(0)]
    assert run("risk", "evaluate", "nope", "--json") == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error == "Stage dev has no snapshot of world 'nope'. Worlds: us20."


def test_interrupted_evaluate_prints_a_command_that_resumes_it(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    first = page(3, next_cursor="c1", reached=FROM)
    stage.relay.answers = [first, {"errorMessage": "the event bus is unavailable"}]
    assert run(*ASKED, "--rate", "500", "--stage", "paper") == 1
    printed = capsys.readouterr().err
    assert "the event bus is unavailable" in printed
    command = printed.partition("risk-hub ")[2].splitlines()[0]
    stage.relay.requests.clear()
    stage.relay.answers = [page(1)]
    assert run(*shlex.split(command)) == 0
    assert (stage.relay.requests[0]["cursor"], stage.relay.requests[0]["stage"]) == ("c1", "paper")
    assert f"--stage-name {STAGE}" in command


@pytest.mark.usefixtures("stage")
def test_evaluate_with_a_reversed_period_is_a_usage_error(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("risk", "evaluate", "us20", "--from", TO, "--to", FROM) == 2
    assert "--from is later than --to" in capsys.readouterr().err
