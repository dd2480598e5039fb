"""`risk-hub risk backtest`, from the command line to the hub's own handlers over HTTP."""

import json
import socket
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from risk_hub_client import RiskHubClient
from risk_hub_client.cli import session
from risk_hub_client.cli.app import HUB_UNAVAILABLE, REFUSED, USAGE, build_app, run
from tests.client.conftest import IMPATIENT
from tests.client.server import Server
from tests.evaluation.backtest_samples import forecast
from tests.fakes.clock import START

UNTIL = START + timedelta(days=30)
DAYS = 252
COMMAND = ["risk", "backtest", "w1", "--stage", "paper"]


@pytest.fixture(autouse=True)
def _configured(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", server.token)


@pytest.fixture
def history(server: Server) -> Server:
    for number in range(DAYS):
        loss = -0.02 if number % 50 == 49 else 0.001
        day = f"{date(2026, 1, 5) + timedelta(days=number):%m-%dT21}"
        server.hub.forecasts.put_once(forecast(day, {"A": loss, "B": loss}), UNTIL)
    return server


def command(*more: str) -> int:
    return run(build_app(), [*COMMAND, *more])


def document(printed: str) -> dict[str, Any]:
    """Return the command's own document: the hub in this process writes its log and metrics to the same place."""
    found: dict[str, Any]
    found, _ = json.JSONDecoder().raw_decode(printed, printed.index("{\n"))
    return found


@pytest.mark.usefixtures("history")
def test_backtest_prints_the_verdict_of_each_statistical_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == 0
    output = capsys.readouterr().out
    assert "w1, paper: parametric_normal VaR 99 %, 2026-01-06 to 2026-09-13" in output
    assert "5 exceedances in 251 days, 2.5 expected" in output
    assert "not rejected at 5%" in output
    assert "yellow: 5 exceedances, multiplier + 0.40" in output
    assert "not tested: 1 no_realized_return" in output


@pytest.mark.usefixtures("history")
def test_backtest_json_option_prints_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--json", "--from", "2026-01-05T00:00:00Z", "--to", "2026-01-09T00:00:00Z") == 0
    report = document(capsys.readouterr().out)
    assert [day["date"] for day in report["days"]] == ["2026-01-05", "2026-01-06", "2026-01-07"]
    assert report["kupiec"]["reason"] == "too_few_observations"


@pytest.mark.usefixtures("history")
def test_backtest_plot_is_deterministic(tmp_path: Path) -> None:
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    assert command("--plot", str(first)) == command("--plot", str(second)) == 0
    assert first.read_bytes() == second.read_bytes()
    assert "exceedance (5 of 251, 2.5 expected)" in first.read_text(encoding="utf-8")
    assert command("--plot", str(tmp_path / "p.png")) == 0
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_plot_file_with_an_unsupported_extension_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--plot", "picture.gif") == USAGE
    assert "must end in .png or .svg" in capsys.readouterr().err


def test_backtest_plot_without_tested_days_exits_with_status_1(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.hub.forecasts.put_once(forecast("01-05T21"), UNTIL)
    assert command("--plot", str(tmp_path / "p.svg")) == REFUSED
    assert "no picture was drawn" in capsys.readouterr().err
    assert command() == 0
    assert "no verdict: too_few_observations" in capsys.readouterr().out


def test_plot_without_matplotlib_names_the_required_extra(
    history: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert history.url
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert command("--plot", str(tmp_path / "p.svg")) == REFUSED
    assert "the extra `plot`" in capsys.readouterr().err


def test_backtest_problem_is_printed_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == REFUSED
    assert "world 'w1' is unknown" in capsys.readouterr().err
    assert command("--method", "guess", "--json") == REFUSED
    assert "/method" in document(capsys.readouterr().out)["error"]


def test_backtest_against_an_unreachable_hub_exits_with_status_3(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        gone = closed_soon.getsockname()[1]
    monkeypatch.setenv("RISK_HUB_URL", f"http://127.0.0.1:{gone}")
    monkeypatch.setattr(session, "RiskHubClient", lambda url, **_: RiskHubClient(url, patience=IMPATIENT))
    assert command() == HUB_UNAVAILABLE
    assert "the hub did not answer" in capsys.readouterr().err
    assert server.seen == []
