"""`risk verify`: its output for the operator and its exit status."""

import io
import json
from dataclasses import dataclass
from typing import Any

import pytest

from infra.ops.operate import stage_access
from tests.operate.conftest import STAGE, Run

EQUAL: dict[str, Any] = {
    "world_id": "us20",
    "version": "v1",
    "engine_version": "2.0.0",
    "stored_hash": "sha256:aa",
    "recomputed_hash": "sha256:aa",
    "intact": True,
    "equal": True,
    "outcome": "equal",
    "blobs_gone": [],
    "blobs_back": [],
    "differences": [],
    "not_hashed": ["/evaluated_at"],
}
OTHER = {
    **EQUAL,
    "recomputed_hash": "sha256:bb",
    "equal": False,
    "outcome": "differs",
    "differences": [{"pointer": "/measures/0/value", "stored": 0.1, "recomputed": 0.2}],
}
GONE = {**OTHER, "outcome": "unverifiable", "blobs_gone": ["ab12"]}
BACK = {**OTHER, "outcome": "unverifiable", "blobs_back": ["cd34"]}
ASKED = ("risk", "verify", "us20", "v1")


@dataclass
class EngineDouble:
    answer: dict[str, Any]

    def client(self, service: str) -> "EngineDouble":
        assert service == "lambda"
        return self

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's own names
        assert FunctionName == f"risk-hub-{STAGE}-risk-engine"
        assert json.loads(Payload) == {"verify": {"world_id": "us20", "version": "v1"}}
        fault = {"FunctionError": "Unhandled"} if "errorMessage" in self.answer else {}
        return {**fault, "Payload": io.BytesIO(json.dumps(self.answer).encode())}


def answering(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    monkeypatch.setattr(stage_access, "clients_for", lambda _: EngineDouble(answer))


@pytest.mark.parametrize(
    ("answer", "status", "expected_text"),
    [
        (EQUAL, 0, "us20 v1, engine 2.0.0: identical, sha256:aa"),
        (EQUAL, 0, "the hash does not cover /evaluated_at"),
        (OTHER, 1, "/measures/0/value: stored 0.1, computed again 0.2"),
        (GONE, 3, "cannot be verified: blob ab12 is missing or has changed"),
        (BACK, 3, "cannot be verified: blob cd34 was missing when the report was made, but exists now"),
        ({**OTHER, "intact": False}, 1, "does not match its receipt"),
    ],
)
def test_verify_prints_the_outcome_and_differences(  # noqa: PLR0913, PLR0917
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    answer: dict[str, Any],
    status: int,
    expected_text: str,
) -> None:
    answering(monkeypatch, answer)
    assert run(*ASKED) == status
    assert expected_text in capsys.readouterr().out


def test_verify_json_option_prints_the_engine_answer(
    monkeypatch: pytest.MonkeyPatch, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, OTHER)
    assert run(*ASKED, "--json") == 1
    assert json.loads(capsys.readouterr().out) == OTHER


def test_verify_engine_error_is_printed_with_status_1(
    monkeypatch: pytest.MonkeyPatch, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, {"errorMessage": "world 'us20' has no version 'v1'"})
    assert run(*ASKED) == 1
    assert "could not verify the report: world 'us20' has no version 'v1'" in capsys.readouterr().err


def test_verify_of_a_missing_report_prints_one_line_and_exits_with_status_1(
    monkeypatch: pytest.MonkeyPatch, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, {"refused": "world 'us20' has no version 'v1'"})
    assert run(*ASKED) == 1
    assert capsys.readouterr().err == "There is nothing to verify: world 'us20' has no version 'v1'.\n"
