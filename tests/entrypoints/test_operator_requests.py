"""Requests of operators to a function: an invalid request is answered and is not an error of the function."""

import json
from types import ModuleType
from typing import Any

import pytest

from functions.evaluation.risk.verify import NothingToVerifyError
from infra import names
from risk_hub_contracts.base.problems import CURSOR_INVALID, ProblemError
from tests.fakes.cold_start import cold_start

VARIABLES = (
    *(names.SNAPSHOTS_TABLE, names.EVALUATIONS_TABLE, names.WORLDS_TABLE, names.BUCKET, names.BUS_NAME),
    names.FAILURE_QUEUE_URL,
    names.SEGMENTS_TABLE,
)
PERIOD = {"world_id": "us20", "from": "2026-01-05T00:00:00Z", "to": "2026-01-06T00:00:00Z"}
SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    names.RETENTION_DAYS: "30",
    names.STAGE_ALLOW_LIST: "paper",
    names.RISK_FALLBACK: "none",
    names.LEGACY_METHOD: "false",
}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    for name, value in (dict.fromkeys(VARIABLES, "none") | SETTINGS).items():
        monkeypatch.setenv(name, value)
    return cold_start(request.param)


def refusing(error: Exception) -> Any:
    def refuse(*_: object) -> None:
        raise error

    return refuse


@pytest.mark.parametrize("module", ["event_relay"], indirect=True)
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            ProblemError(CURSOR_INVALID, "the cursor was not issued for this query"),
            "not issued for this query",
        ),
        (ValueError("must be an RFC 3339 date-time"), "must be an RFC 3339 date-time"),
    ],
    ids=["invalid cursor", "invalid instant"],
)
def test_invalid_replay_request_returns_the_reason(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    monkeypatch.setattr(module, "_replay", refusing(error))
    assert reason in module.lambda_handler({"replay": PERIOD}, None)["refused"]


@pytest.mark.parametrize("module", ["event_relay"], indirect=True)
def test_failed_replay_raises(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_replay", refusing(OSError("no bus")))
    with pytest.raises(OSError, match="no bus"):
        module.lambda_handler({"replay": PERIOD}, None)


@pytest.mark.parametrize("module", ["risk_engine"], indirect=True)
def test_verifying_a_missing_report_returns_the_reason(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = NothingToVerifyError("world 'us20' has no version 'v9'")
    monkeypatch.setattr(module, "_verify", refusing(error))
    answer = module.lambda_handler({"verify": {"world_id": "us20", "version": "v9"}}, None)
    assert json.loads(json.dumps(answer)) == {"refused": str(error)}


@pytest.mark.parametrize("module", ["risk_engine"], indirect=True)
def test_verifying_a_stored_report_with_a_missing_key_raises(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_verify", refusing(KeyError("receipt")))
    with pytest.raises(KeyError):
        module.lambda_handler({"verify": {"world_id": "us20", "version": "v1"}}, None)
