"""A deployment with everything but the account: `python -m infra.deploy.rehearsal` (`make deploy-rehearsal`).

The real CDK command line bootstraps a local emulator and deploys to it the tested assembly of `staging`, the stage
that has all that prod has. One thing is put in its place beforehand: under the assembly's own asset keys lies code for
this machine, since the bundles are for Lambda's processor; the CLI finds the keys taken and uploads nothing. The
operations stack stays out: the emulator knows neither event archives nor CodeDeploy.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from infra import names
from infra.account.deploy_role import ISSUER
from infra.account.stack import account_plan
from infra.deploy import release
from infra.deploy.assembly import ASSEMBLIES
from infra.deploy.errors import DeployError
from infra.deploy.prepare_account import prepare, write_assembly
from infra.deploy.toolkit import Toolkit
from infra.local.aws import LocalAws
from infra.local.bring_up import start
from infra.local.code_zip import build_code_zip
from infra.local.front_door import ApiTarget, write_target
from infra.local.settings import ANY_FREE_PORT, EMULATOR_SECRET_KEY, LocalSettings
from infra.stages import LOOPBACK_NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.stage_record import StageRecord

STAGE: Final = "staging"
ACCOUNT_FOLDER: Final = ASSEMBLIES / "account-rehearsal"
STACKS: Final = (names.stack_name(STAGE, "data"), names.stack_name(STAGE, "service"))
ASSETS_BUCKET: Final = f"cdk-hnb659fds-assets-{names.LOCAL_ACCOUNT}-{names.LOCAL_REGION}"


def main() -> int:
    """Rehearse; exit status 0 when a snapshot went through what the CLI deployed."""
    folder = ASSEMBLIES / f"{STAGE}-rehearsal"
    try:
        release.prepare(STAGE, {"allowed_networks": ",".join(LOOPBACK_NETWORKS)}, folder)
        with tempfile.TemporaryDirectory() as home:
            _rehearse(folder, LocalSettings(Path(home), ANY_FREE_PORT, ANY_FREE_PORT))
    except DeployError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return os.EX_OK


def _rehearse(folder: Path, settings: LocalSettings) -> None:
    process = start(settings, Console(), detached=False, fresh=True)
    try:
        record = process.record
        aws, environment = LocalAws(record.aws_endpoint), _environment(record, settings.home)
        toolkit = Toolkit(folder, environment)
        order = release.Order(STAGE, folder, names.LOCAL_ACCOUNT, confirmed=True, stacks=STACKS)
        _refused_before_bootstrap(order, aws, toolkit)
        _timed("account stack and bootstrap", lambda: _prepare_account(aws, environment))
        _put_code_of_this_machine(folder, aws)
        _timed("first deployment", lambda: release.deploy(order, aws, toolkit))
        _open_front_door(settings, aws)
        _timed("smoke test", lambda: release.try_out(STAGE, aws, record.front_url))
        _timed("the same again", lambda: release.deploy(order, aws, toolkit))
        _timed("smoke test", lambda: release.try_out(STAGE, aws, record.front_url))
    finally:
        process.stop()


def _refused_before_bootstrap(order: release.Order, aws: LocalAws, toolkit: Toolkit) -> None:
    try:
        release.deploy(order, aws, toolkit)
    except DeployError as error:
        release.say(f"refused, as it should be: {error}")
        return
    raise DeployError("An account without bootstrap was not refused.")


def _prepare_account(aws: LocalAws, environment: dict[str, str]) -> None:
    """As `make account` does; the emulator makes no identity providers, so the account has one already."""
    provider = f"arn:aws:iam::{names.LOCAL_ACCOUNT}:oidc-provider/{ISSUER}"
    write_assembly(account_plan("owner/name", [STAGE], provider), ACCOUNT_FOLDER)
    prepare(aws, Toolkit(ACCOUNT_FOLDER, environment), confirmed=True)


def _environment(record: StageRecord, home: Path) -> dict[str, str]:
    """All that the CLI sees: the emulator and credentials for it, no profile and no proxy of the user."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_ENDPOINT_URL": record.aws_endpoint,
        "AWS_REGION": names.LOCAL_REGION,
        "AWS_ACCESS_KEY_ID": names.LOCAL_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": EMULATOR_SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _put_code_of_this_machine(folder: Path, aws: LocalAws) -> None:
    s3 = aws.client("s3")
    for group, key in _asset_keys(folder).items():
        s3.put_object(Bucket=ASSETS_BUCKET, Key=key, Body=build_code_zip(group))


def _asset_keys(folder: Path) -> dict[names.BundleGroup, str]:
    template = json.loads((folder / f"{STACKS[1]}.template.json").read_text(encoding="utf-8"))
    functions = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    ]
    group_of = {names.handler(folder): group for folder, group in names.BUNDLE_OF.items()}
    return {group_of[each["Handler"]]: each["Code"]["S3Key"] for each in functions}


def _open_front_door(settings: LocalSettings, aws: LocalAws) -> None:
    stack: dict[str, Any] = aws.client("cloudformation").describe_stacks(StackName=STACKS[1])["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    write_target(settings.target_file, ApiTarget(outputs["ApiId"], names.API_STAGE_NAME))


def _timed(what: str, step: Callable[[], object]) -> None:
    began = time.monotonic()
    step()
    release.say(f"--- {what}: {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
