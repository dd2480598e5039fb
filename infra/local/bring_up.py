"""Start the local stage from nothing to the sample's risk numbers, step by step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from infra.assembly import LOCAL_ASSEMBLY
from infra.local.announce_again import announce_again
from infra.local.api_proxy import ApiTarget, write_target
from infra.local.aws import LocalAws
from infra.local.deploy import Deployment
from infra.local.install import LocalRelease, install
from infra.local.progress import step
from infra.local.sample.publish import HubEndpoint, publish, sample_body, wait_for_risk
from infra.local.saved_state import RestoredState, fingerprint, prepare_state
from infra.local.settings import LocalSettings
from infra.local.stage_process import StageProcess, hold_lock
from infra.local.token_issue import register_token, write_env_file
from infra.local.welcome import show
from infra.names import API_STAGE_NAME
from infra.tokens.issue import new_token


@dataclass(frozen=True, slots=True)
class RunningStage:
    """A deployed local stage: its process, its hub, and its AWS clients."""

    process: StageProcess
    hub: HubEndpoint
    aws: LocalAws
    deployment: Deployment


def bring_up(settings: LocalSettings, console: Console, *, detached: bool, fresh: bool) -> StageProcess:
    """Start the stage, deploy it, publish the sample and print what to do next.

    After a failure nothing keeps running; a stage whose deployment did not finish saves nothing.

    Raises:
        LocalStageError: the text says what is wrong and what to do.
    """
    stage = start_stage(settings, console, detached=detached, fresh=fresh)
    with _stopped_on_failure(stage.process, settings):
        show(console, stage.hub, _publish_sample(stage.hub, console), settings.env_file)
    return stage.process


def start_stage(
    settings: LocalSettings,
    console: Console,
    *,
    detached: bool,
    fresh: bool,
    release: LocalRelease | None = None,
) -> RunningStage:
    """Start the stage and deploy a release, by default this tree's, with a new token and an open front server.

    Raises:
        LocalStageError: the text says what is wrong and what to do.
    """
    wanted = release or LocalRelease()
    process, taken = _start_process(settings, console, detached=detached, fresh=fresh)
    with _stopped_on_failure(process, settings):
        aws = LocalAws(process.record.aws_endpoint)
        with step(console, "Deploying the stacks", "Stacks deployed") as current:
            deployment = install(aws, wanted, enforce_iam=settings.enforce_iam, history=settings.history)
            current.note = f"{deployment.resource_count} resources"
        if taken.saved_at is not None:
            announce_again(aws, taken.saved_at)
        return RunningStage(process, _open_front_server(settings, process, aws, deployment), aws, deployment)


def start(settings: LocalSettings, console: Console, *, detached: bool, fresh: bool) -> StageProcess:
    """Start the emulator with nothing deployed.

    Raises:
        LocalStageError: the text says what is wrong and what to do.
    """
    return _start_process(settings, console, detached=detached, fresh=fresh)[0]


def _start_process(
    settings: LocalSettings, console: Console, *, detached: bool, fresh: bool
) -> tuple[StageProcess, RestoredState]:
    with hold_lock(settings) as lock, step(console, "Starting the emulator", "Emulator started") as current:
        mark = fingerprint(LOCAL_ASSEMBLY)
        settings.target_file.unlink(missing_ok=True)
        taken = prepare_state(settings, mark, fresh=fresh)
        current.note = taken.note
        return StageProcess.start(settings, lock, mark, detached=detached), taken


def _open_front_server(
    settings: LocalSettings, process: StageProcess, aws: LocalAws, deployment: Deployment
) -> HubEndpoint:
    hub = HubEndpoint(process.record.front_url, new_token())
    register_token(aws.client("secretsmanager"), deployment.outputs["TokensSecretArn"], hub.token)
    write_target(settings.target_file, ApiTarget(deployment.outputs["ApiId"], API_STAGE_NAME))
    write_env_file(settings.env_file, hub.url, hub.token, process.record.aws_endpoint)
    return hub


def _publish_sample(hub: HubEndpoint, console: Console) -> dict[str, Any]:
    with step(console, "Publishing the sample world", "Sample world published"):
        version = publish(hub, sample_body(datetime.now(tz=UTC)))
    with step(console, "Waiting for its risk numbers", "Risk numbers computed"):
        return wait_for_risk(hub, version)


@contextmanager
def _stopped_on_failure(process: StageProcess, settings: LocalSettings) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.stop()
        for file in settings.run_files:
            file.unlink(missing_ok=True)
        raise
