"""`runs verify`: its request, its output for the operator and its exit status."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.ops.operate import stage_access
from tests.operate.conftest import STAGE, Run

WHOLE: dict[str, Any] = {
    "runs": 3,
    "items": 8,
    "anchors": 4,
    "last_hour": "2026-01-05T12",
    "broken_count": 0,
    "broken": [],
}
LINK = {"chain": "us20/r1/momentum", "position": 2, "kind": "item_changed", "detail": "its bytes differ"}
BROKEN = {**WHOLE, "broken_count": 1, "broken": [LINK]}


@dataclass
class KeeperDouble:
    answer: dict[str, Any]
    requests: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str) -> "KeeperDouble":
        assert service == "lambda"
        return self

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's own names
        assert FunctionName == f"risk-hub-{STAGE}-anchor-keeper"
        self.requests.append(json.loads(Payload)["verify"])
        fault = {"FunctionError": "Unhandled"} if "errorMessage" in self.answer else {}
        return {**fault, "Payload": io.BytesIO(json.dumps(self.answer).encode())}


def answering(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> KeeperDouble:
    keeper = KeeperDouble(answer)
    monkeypatch.setattr(stage_access, "clients_for", lambda _: keeper)
    return keeper


@pytest.mark.parametrize(
    ("arguments", "request_sent"),
    [
        ((), {}),
        (("us20",), {"world_id": "us20"}),
        (("us20", "mean/reversion"), {"world_id": "us20", "strategy_id": "mean/reversion"}),
        (("us20", "a b", "r1"), {"world_id": "us20", "strategy_id": "a b", "run_id": "r1"}),
    ],
)
def test_arguments_narrow_the_verification(
    monkeypatch: pytest.MonkeyPatch, run: Run, arguments: tuple[str, ...], request_sent: dict[str, str]
) -> None:
    keeper = answering(monkeypatch, WHOLE)
    assert run("runs", "verify", *arguments) == 0
    assert keeper.requests == [request_sent]


def test_whole_runs_are_counted(
    monkeypatch: pytest.MonkeyPatch, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, WHOLE)
    assert run("runs", "verify") == 0
    expected = "3 runs with 8 items and 4 anchors (the newest: 2026-01-05T12): no broken links\n"
    assert capsys.readouterr().out == expected


def test_a_broken_link_is_named_and_exits_1(
    monkeypatch: pytest.MonkeyPatch, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, {**BROKEN, "broken_count": 1_200})
    assert run("runs", "verify") == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "us20/r1/momentum, 2: item_changed: its bytes differ"
    assert "1199 more runs" in err
    assert run("runs", "verify", "--json") == 1
    assert json.loads(capsys.readouterr().out)["broken"] == [LINK]


@pytest.mark.parametrize("answer", [{"refused": "name the world"}, {"errorMessage": "timed out"}])
def test_a_refused_or_failed_verification_exits_1_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, run: Run, capsys: pytest.CaptureFixture[str], answer: dict[str, str]
) -> None:
    answering(monkeypatch, answer)
    assert run("runs", "verify") == 1
    assert next(iter(answer.values())) in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("us 20",), ("us20", " a"), ("us20", "a", "r 1"), ("us20", "e\u0301")])
def test_a_malformed_name_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, run: Run, arguments: tuple[str, ...]
) -> None:
    keeper = answering(monkeypatch, WHOLE)
    assert run("runs", "verify", *arguments) == 2
    assert not keeper.requests
