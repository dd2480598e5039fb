"""One local stage for all tests of this folder, stopped after the last: separate ports and folder, started from a
polluted shell.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from infra.local.alarms.settings import SPEED_MAX, AlarmSettings
from infra.local.bring_up import RunningStage, start_stage
from infra.local.settings import ANY_FREE_PORT, REPOSITORY, LocalSettings
from tests.local_stage.caller import Caller
from tests.local_stage.probe import Probe, create_probe, own_role
from tests.local_stage.subscriber import SECRET, Subscriber, listening
from tests.local_stage.subscription import Subscription, subscribed

HERE = Path(__file__).parent
# Variables of a developer's shell that no function may see.
POLLUTION = {
    "PYTHONPATH": str(REPOSITORY),
    "PYTHONSTARTUP": "/nonexistent.py",
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAUSERSOWNKEY",
    "AWS_SECRET_ACCESS_KEY": "users-own",
    "AWS_SESSION_TOKEN": "users-own",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
    "RISK_HUB_BUCKET": "users-own",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share the stage on one xdist worker, and each other file's together."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.parent == HERE:
            group = "local_stage" if "stage" in item.fixturenames else item.path.stem
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="package")
def subscriber() -> Iterator[Subscriber]:
    with listening() as receiving:
        yield receiving


@pytest.fixture(scope="package")
def settings(tmp_path_factory: pytest.TempPathFactory, subscriber: Subscriber) -> LocalSettings:
    """Policies are enforced, so that every test also proves that the roles suffice; alarms run 60 times as
    fast.
    """
    return LocalSettings(
        tmp_path_factory.mktemp("stage"),
        ANY_FREE_PORT,
        ANY_FREE_PORT,
        enforce_iam=True,
        alarms=AlarmSettings(SPEED_MAX, subscriber.url, SECRET),
    )


@pytest.fixture(scope="package")
def stage(settings: LocalSettings) -> Iterator[RunningStage]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in POLLUTION.items():
            patch.setenv(name, value)
        opened = start_stage(settings, Console(quiet=True), detached=False, fresh=True)
    try:
        yield opened
    finally:
        opened.process.stop()


@pytest.fixture(scope="package")
def probe(stage: RunningStage) -> Probe:
    return create_probe(stage.aws, own_role(stage.aws))


@pytest.fixture
def hub(stage: RunningStage) -> Caller:
    return Caller(stage.hub)


@pytest.fixture
def subscription(stage: RunningStage) -> Iterator[Subscription]:
    with subscribed(stage.aws) as consumer:
        yield consumer
