"""Risk reports, stress reports and exit signals: both clients and the command line on the hub's own handlers."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.evaluation.derived_record import MODELS, DerivedRecord, Kind
from risk_hub_client import AsyncRiskHubClient, HubError, NotFoundError, RiskHubClient
from risk_hub_client.cli.app import REFUSED, USAGE
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.blob.write import encode_stress
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport
from tests.client.conftest import BOOK, IMPATIENT, WORLD
from tests.client.server import Server
from tests.client.test_command_line import Command, command, written
from tests.fakes.clock import START
from tools.event_samples.emitted import emitted

__all__ = ["command"]

UNTIL = START + timedelta(days=30)
EVENT_OF: dict[Kind, str] = {
    "risk": "risk_evaluated",
    "stress": "stress_evaluated",
    "exit": "exit_signal_emitted",
}
SAMPLES = emitted()


def put(server: Server, kind: Kind, **changed: Any) -> None:
    data = {**SAMPLES[f"samples/{EVENT_OF[kind]}.json"]["data"], "world_id": WORLD, **changed}
    assert server.hub.evaluations.put_once(DerivedRecord(MODELS[kind].model_validate(data)), UNTIL)


@pytest.fixture
def evaluated(server: Server, client: RiskHubClient) -> Server:
    client.publish(WORLD, BOOK)
    put(server, "risk", version="v1")
    put(server, "stress", version="v1")
    for minute in range(3):
        instant = format_instant(START + timedelta(minutes=minute))
        put(server, "exit", version="v1", window=instant, emitted_at=instant)
    return server


@pytest.mark.usefixtures("evaluated")
def test_a_report_is_a_json_object_and_a_typed_model(client: RiskHubClient) -> None:
    risk, stress = client.risk(WORLD, "v1"), client.stress(WORLD, "v1")
    assert isinstance(risk.report, RiskReport)
    assert isinstance(stress.report, StressReport)
    assert json.loads(json.dumps(risk)) == risk.report.model_dump(mode="json")
    assert stress.report.losses[0].value == stress["losses"][0]["value"]
    assert client.latest_risk(WORLD, stage="paper") == risk
    assert client.latest_stress(WORLD) == stress
    with pytest.raises(NotFoundError, match="No snapshot matches"):
        client.latest_risk(WORLD, stage="live")


@pytest.mark.usefixtures("evaluated")
def test_unknown_report_members_stay_in_the_object_but_not_in_the_model(client: RiskHubClient) -> None:
    found = client.risk(WORLD, "v1")
    found["from_the_future"] = 1
    assert not hasattr(found.report, "from_the_future")


def test_risk_of_a_version_named_latest_raises_hub_error(server: Server, client: RiskHubClient) -> None:
    client.publish(WORLD, {**BOOK, "version": "latest", "as_of": BOOK["as_of"] - timedelta(minutes=1)})
    client.publish(WORLD, BOOK)
    put(server, "risk", version="latest")
    put(server, "risk", version="v1")
    with pytest.raises(HubError, match="version 'v1', not 'latest'; in this path `latest` names the newest"):
        client.risk(WORLD, "latest")


def test_exit_signals_iterate_over_all_pages_newest_first(evaluated: Server, client: RiskHubClient) -> None:
    for minute in range(3, 105):
        instant = format_instant(START + timedelta(minutes=minute))
        put(evaluated, "exit", version="v1", window=instant, emitted_at=instant)
    found = list(client.exit_signals(WORLD))
    assert len(found) == 105
    assert [signal.emitted_at for signal in found] == sorted((s.emitted_at for s in found), reverse=True)
    start = START + timedelta(minutes=104)
    assert len(list(client.exit_signals(WORLD, start=start, stage="paper", order="asc"))) == 1
    assert list(client.exit_signals(WORLD, end=START - timedelta(minutes=1))) == []


def test_async_client_reads_the_same_reports_and_signals(evaluated: Server, client: RiskHubClient) -> None:
    async def read() -> tuple[Any, ...]:
        async with AsyncRiskHubClient(evaluated.url, evaluated.token, patience=IMPATIENT) as hub:
            signals = [signal async for signal in hub.exit_signals(WORLD)]
            reports = (await hub.risk(WORLD, "v1"), await hub.stress(WORLD, "v1"))
            return (*reports, await hub.latest_risk(WORLD), await hub.latest_stress(WORLD), signals)

    risk, stress, latest_risk, latest_stress, signals = asyncio.run(read())
    assert (risk, stress) == (client.risk(WORLD, "v1"), client.stress(WORLD, "v1"))
    assert (latest_risk, latest_stress) == (risk, stress)
    assert signals == list(client.exit_signals(WORLD))


@pytest.mark.usefixtures("evaluated")
def test_risk_show_prints_measures_as_text_or_the_report_as_json(command: Command) -> None:
    instant = command("risk", "show", WORLD)
    assert instant.status == 0
    assert "w1 v1 as of 2026-01-05T11:59:58.000000Z, paper by gateway" in instant.out
    rows = [line.split() for line in instant.out.splitlines()]
    headings = rows.index(
        ["method", "confidence", "value", "at", "risk", "expected", "shortfall", "in", "tail"]
    )
    assert rows[headings + 1][:5] == ["historical", "upper", "99", "%", "0.022000"]
    assert ["parametric", "normal", "99", "%", "0.039479"] in [row[:5] for row in rows]
    assert ["volatility", "parametric", "normal", "0.016971"] in rows
    assert command("risk", "show", WORLD, "v1").out == instant.out
    assert command("risk", "show", WORLD, "v1", "--json").json["version"] == "v1"


def test_risk_show_prints_the_measures_of_an_engine_without_tails(
    server: Server, client: RiskHubClient, command: Command
) -> None:
    client.publish(WORLD, BOOK)
    put(server, "risk", version="v1", tails=[])
    rows = [line.split() for line in command("risk", "show", WORLD).out.splitlines()]
    assert ["value", "at", "risk", "parametric", "normal", "99", "%", "0.039479"] in rows


def test_risk_show_prints_losses_with_their_standard_errors_and_tail_observations(
    server: Server, client: RiskHubClient, command: Command
) -> None:
    client.publish(WORLD, BOOK)
    row = {
        **SAMPLES["samples/risk_evaluated.json"]["data"]["tails"][0],
        "value_at_risk": 0.04,
        "value_at_risk_standard_error": 0.003,
        "expected_shortfall": 0.05,
        "expected_shortfall_standard_error": 0.004,
        "observations": 500,
        "tail_observations": 5,
        "sufficient": True,
        "reason": None,
    }
    put(server, "risk", version="v1", tails=[row])
    shown = [" ".join(line.split()) for line in command("risk", "show", WORLD).out.splitlines()]
    assert "historical upper 99 % 0.040000 ± 0.003000 0.050000 ± 0.004000 5 of 500" in shown


def test_risk_show_prints_each_warning_with_its_cause_and_evidence(
    server: Server, client: RiskHubClient, command: Command
) -> None:
    client.publish(WORLD, BOOK)
    doubt = {
        "code": "scale_mismatch",
        "makes_insufficient": True,
        "subject": "covariance",
        "evidence": {"ratio": 15.9, "ratio_max": 3.0},
        "likely_cause": "the covariance is annualised and the returns are daily",
    }
    put(
        server,
        "risk",
        version="v1",
        warnings=[doubt, {**doubt, "subject": None, "makes_insufficient": False}],
    )
    shown = command("risk", "show", WORLD).out
    cause = "the covariance is annualised and the returns are daily"
    assert f"  warning scale_mismatch (covariance): {cause}; the numbers below have no meaning\n" in shown
    assert f"  warning scale_mismatch: {cause}\n    ratio 15.9, ratio_max 3.0\n" in shown
    assert client.risk(WORLD, "v1").report.warnings[0].evidence == {"ratio": 15.9, "ratio_max": 3.0}


@pytest.mark.usefixtures("evaluated")
def test_stress_show_says_why_a_loss_is_missing(command: Command) -> None:
    instant = command("stress", "show", WORLD)
    assert instant.status == 0
    rows = [line.split() for line in instant.out.splitlines()]
    assert ["crash", "0.330000"] in rows
    assert "shocks_do_not_cover_weights; covered 60.0% of the book, loss 0.036000" in instant.out
    assert "stress.crash.margin_call  0.12" in instant.out
    assert command("stress", "show", WORLD, "v1", "--json").json["status"] == "partial"


def test_signals_list_shows_the_newest_first(evaluated: Server, command: Command) -> None:
    instant = format_instant(START + timedelta(hours=1))
    put(evaluated, "exit", stage="live", window=instant, emitted_at=instant)
    lines = command("signals", "list", WORLD).out.splitlines()
    assert lines[0].split() == ["emitted", "stage", "strategy", "action", "share", "asset", "reason"]
    assert [line.split()[1] for line in lines[1:]] == ["live", "paper", "paper", "paper"]
    assert "stress.crash is 0.33, over its limit of 0.3" in lines[1]
    listed = command("signals", "list", WORLD, "--stage", "paper", "--limit", "2", "--oldest-first", "--json")
    assert [each["emitted_at"] for each in listed.json] == [
        format_instant(START),
        format_instant(START + timedelta(minutes=1)),
    ]
    earlier = command("signals", "list", WORLD, "--to", format_instant(START - timedelta(days=1)))
    assert earlier.out == f"{WORLD}: no exit signal in this period\n"
    assert command("signals", "list", "w9").status == REFUSED


def test_show_of_a_pending_report_exits_with_status_1(client: RiskHubClient, command: Command) -> None:
    client.publish(WORLD, BOOK)
    for kind in ("risk", "stress"):
        ended = command(kind, "show", WORLD)
        assert ended.status == REFUSED
        assert "version 'v1' of world 'w1' is not evaluated yet" in ended.err


def test_risk_show_filters_with_a_version_are_a_usage_error(command: Command) -> None:
    ended = command("risk", "show", WORLD, "v1", "--stage", "paper")
    assert ended.status == USAGE
    assert "remove them, or remove VERSION" in " ".join(ended.err.replace("│", "").split())


def test_publish_accepts_stress_as_a_file(command: Command, tmp_path: Path, server: Server) -> None:
    part = tmp_path / "stress.rsh1"
    part.write_bytes(encode_stress({"crash": {"loss": 0.2}}))
    file = written(tmp_path / "snapshot.json")
    ended = command("publish", file, "--stress", part, "--json")
    assert ended.status == 0
    (ref,) = server.hub.blobs.objects
    assert ended.json["snapshot"]["stress_ref"]["ref"] == ref
    wrong = command("publish", file, "--covariance", part)
    assert "this blob is of kind stress" in wrong.err
