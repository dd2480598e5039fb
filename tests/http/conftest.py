"""Fixtures of the hub behind its HTTP handlers."""

from collections.abc import Iterator

import pytest

from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture(scope="session", autouse=True)
def _powertools() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_SERVICE_NAME", "tests")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub")
        yield


@pytest.fixture
def api(hub: Hub) -> Gateway:
    return hub.gateway()
