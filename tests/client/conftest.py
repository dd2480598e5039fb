"""A hub on loopback with optional faults, and clients of it that retry after milliseconds instead of seconds."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from risk_hub_client import Patience, RiskHubClient
from tests.client.server import Server

IMPATIENT = Patience(
    attempts=4,
    budget_seconds=60.0,
    timeout_seconds=30.0,  # a busy machine may answer after seconds: only tests of late answers give up sooner
    wait_initial_seconds=0.01,
    wait_max_seconds=0.02,
    jitter_seconds=0.01,
)
WORLD = "w1"
AS_OF = datetime(2026, 1, 5, 11, 59, tzinfo=UTC)
FAULT = "client fault"
BOOK: dict[str, Any] = {"version": "v1", "as_of": AS_OF, "weights": {"AAPL": 0.6, "MSFT": 0.4}}


def as_a_shell_passes(text: str) -> str:
    """Return Python's value of a variable of UTF-8 bytes; under an ASCII locale it differs from the text."""
    return os.fsdecode(text.encode("utf-8"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the result of each fault, for both clients."""
    reports = terminalreporter.getreports("passed")
    rows = {str(value) for report in reports for name, value in report.user_properties if name == FAULT}
    if rows:
        terminalreporter.section("what the client makes of each fault")
        terminalreporter.write_line("| fault | outcome | requests | snapshots stored |\n|---|---|---|---|")
        for row in sorted(rows):
            terminalreporter.write_line(row)


@pytest.fixture(scope="session", autouse=True)
def _powertools() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_SERVICE_NAME", "tests")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub")
        yield


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def client(server: Server) -> Iterator[RiskHubClient]:
    with RiskHubClient(server.url, server.token, actor="gateway", stage="paper", patience=IMPATIENT) as hub:
        yield hub
