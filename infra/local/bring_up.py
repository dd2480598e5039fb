"""From nothing to the sample's risk numbers, step by step."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console

from infra.assembly import LOCAL_ASSEMBLY
from infra.local.assembly import Assembly, read_assembly
from infra.local.aws import LocalAws
from infra.local.deploy import Deployer, Deployment
from infra.local.dropped_settings import apply_dropped_settings
from infra.local.front_door import ApiTarget, write_target
from infra.local.progress import step
from infra.local.sample.publish import Hub, publish, sample_body, wait_for_risk
from infra.local.saved_state import fingerprint, forget_clean_stop, take_over
from infra.local.settings import LocalSettings
from infra.local.stage_process import StageProcess, hold_lock
from infra.local.token_issue import admit_token, new_token, write_env_file
from infra.local.welcome import show
from infra.names import API_STAGE_NAME


def bring_up(settings: LocalSettings, console: Console, *, detached: bool, fresh: bool) -> StageProcess:
    """Start the stage, deploy it, publish the sample and print what to do next.

    A failure leaves nothing running and nothing saved.

    Raises:
        StageError: the text says what is wrong and what to do.
    """
    assembly = read_assembly()
    stage = _start(settings, console, detached=detached, fresh=fresh)
    with _stopped_on_failure(stage, settings):
        aws = LocalAws(stage.record.aws_endpoint)
        deployment = _deploy(aws, assembly, console)
        hub = _open(settings, stage, aws, deployment)
        report = _publish_sample(hub, console)
        show(console, hub, report, settings.env_file)
    return stage


def _start(settings: LocalSettings, console: Console, *, detached: bool, fresh: bool) -> StageProcess:
    with hold_lock(settings) as lock, step(console, "Starting the emulator", "Emulator started") as current:
        mark = fingerprint(LOCAL_ASSEMBLY)
        settings.target_file.unlink(missing_ok=True)
        if take_over(settings, mark, fresh=fresh):
            current.note = "data of the last run kept"
        return StageProcess.start(settings, lock, mark, detached=detached)


def _deploy(aws: LocalAws, assembly: Assembly, console: Console) -> Deployment:
    with step(console, "Deploying the stacks", "Stacks deployed") as current:
        deployment = Deployer(aws, assembly).deploy()
        for template in assembly.templates:
            apply_dropped_settings(aws, template)
        current.note = f"{deployment.resource_count} resources"
    return deployment


def _open(settings: LocalSettings, stage: StageProcess, aws: LocalAws, deployment: Deployment) -> Hub:
    hub = Hub(stage.record.front_url, new_token())
    admit_token(aws.client("secretsmanager"), deployment.outputs["TokensSecretArn"], hub.token)
    write_target(settings.target_file, ApiTarget(deployment.outputs["ApiId"], API_STAGE_NAME))
    write_env_file(settings.env_file, hub.url, hub.token, stage.record.aws_endpoint)
    return hub


def _publish_sample(hub: Hub, console: Console) -> dict[str, object]:
    with step(console, "Publishing the sample world", "Sample world published"):
        version = publish(hub, sample_body(datetime.now(tz=UTC)))
    with step(console, "Waiting for its risk numbers", "Risk numbers computed"):
        return wait_for_risk(hub, version)


@contextmanager
def _stopped_on_failure(stage: StageProcess, settings: LocalSettings) -> Iterator[None]:
    try:
        yield
    except BaseException:
        stage.stop()
        settings.record_file.unlink(missing_ok=True)
        forget_clean_stop(settings.state)
        raise
