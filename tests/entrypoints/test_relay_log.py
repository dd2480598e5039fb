"""What the relay writes to its log about a batch of stream records."""

import json
from types import ModuleType

import pytest

from functions.announcing.relay_records import RelayResult
from infra import names
from tests.fakes.cold_start import cold_start

TEXTS = (
    *(names.SNAPSHOTS_TABLE, names.SEGMENTS_TABLE, names.EVALUATIONS_TABLE, names.WORLDS_TABLE, names.BUCKET),
    *(names.BUS_NAME, names.FAILURE_QUEUE_URL, names.POWERTOOLS_METRICS_NAMESPACE),
)


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in TEXTS:
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return cold_start("event_relay")


@pytest.mark.parametrize(("isolated", "messages"), [(0, []), (1, ["relayed"])])
def test_relay_logs_a_batch_only_if_a_record_was_unreadable_and_counts_every_batch(
    relay: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    isolated: int,
    messages: list[str],
) -> None:
    monkeypatch.setattr(relay, "_relay", lambda _: RelayResult(announced=2, isolated=isolated))
    assert relay.lambda_handler({"Records": []}, None) == {"batchItemFailures": []}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines if "message" in line] == messages
    (counted,) = [line for line in lines if "_aws" in line]
    assert counted["risk_hub_worker_processed_total"] == [1, 1]
    assert counted.get("risk_hub_snapshot_dlq_total", []) == [1] * isolated
