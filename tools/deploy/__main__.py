"""A deployment with everything but the account: `python -m tools.deploy` (`make deploy-rehearsal`).

The real CDK command line bootstraps a local emulator and deploys to it the tested assembly of `staging`, the
stage with all of prod's resources. One thing is replaced beforehand: code for this machine is stored under
the assembly's own asset keys, since the bundles are for Lambda's processor; the CLI finds the keys and
uploads nothing. The operations stack is left out: the emulator supports neither event archives nor
CodeDeploy. The steps are written to docs/deploy-rehearsal.md.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from infra import names
from infra.cdk.account.deploy_role import ISSUER
from infra.cdk.account.stack import account_plan
from infra.environments import LOOPBACK_NETWORKS
from infra.errors import DeployError
from infra.functions import BUNDLE_OF
from infra.local.api_proxy import ApiTarget, write_target
from infra.local.aws import LocalAws
from infra.local.bring_up import start
from infra.local.code_zip import build_code_zip
from infra.local.settings import ANY_FREE_PORT, EMULATOR_SECRET_KEY, LocalSettings
from infra.ops.deploy import release
from infra.ops.deploy.assembly import ASSEMBLIES, PROJECT, Record, read
from infra.ops.deploy.prepare_account import prepare, write_assembly
from infra.ops.deploy.teardown import destroy
from infra.ops.deploy.toolkit import Toolkit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra.local.stage_record import StageRecord

STAGE: Final = "staging"
ACCOUNT_FOLDER: Final = ASSEMBLIES / "account-rehearsal"
PAGE: Final = PROJECT / "docs" / "deploy-rehearsal.md"
STACKS: Final = (names.stack_name(STAGE, "data"), names.stack_name(STAGE, "service"))
ASSETS_BUCKET: Final = f"cdk-hnb659fds-assets-{names.LOCAL_ACCOUNT}-{names.LOCAL_REGION}"


@dataclass
class Rehearsal:
    """The steps so far, with their results and durations."""

    steps: list[tuple[str, str, float]] = field(default_factory=list)

    def step(self, what: str, how: str, do: Callable[[], object]) -> None:
        began = time.monotonic()
        do()
        self.steps.append((what, how, time.monotonic() - began))
        release.say(f"--- {what}: {self.steps[-1][2]:.1f} s")


def main() -> int:
    """Rehearse; exit status 0 if a snapshot passed through the deployment and its removal left nothing
    behind.
    """
    folder, rehearsal = ASSEMBLIES / f"{STAGE}-rehearsal", Rehearsal()
    try:
        networks = {"allowed_networks": ",".join(LOOPBACK_NETWORKS)}
        rehearsal.step(
            "assembly",
            "`make assembly`: bundles, synthesis, template tests",
            lambda: release.prepare(STAGE, networks, folder),
        )
        with tempfile.TemporaryDirectory() as home:
            _rehearse(folder, LocalSettings(Path(home), ANY_FREE_PORT, ANY_FREE_PORT), rehearsal)
    except DeployError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    PAGE.write_text(page(read(folder), rehearsal.steps, datetime.now(UTC)), encoding="utf-8")
    return os.EX_OK


def _rehearse(folder: Path, settings: LocalSettings, rehearsal: Rehearsal) -> None:
    process = start(settings, Console(), detached=False, fresh=True)
    try:
        record = process.record
        aws, environment = LocalAws(record.aws_endpoint), _environment(record, settings.home)
        toolkit = Toolkit(folder, environment)
        request = release.ReleaseRequest(STAGE, folder, names.LOCAL_ACCOUNT, confirmed=True, stacks=STACKS)
        step = rehearsal.step
        step(
            "refusal",
            "an account without bootstrap is refused with a message, and nothing is deployed",
            lambda: _expect_refusal(request, aws, toolkit),
        )
        step(
            "account",
            "`make account`: its stack, then `cdk bootstrap` under its policy",
            lambda: _prepare_account(aws, environment),
        )
        _upload_local_code(folder, aws)
        step(
            "deployment",
            "`cdk diff`, `cdk deploy` of data and service",
            lambda: release.deploy(request, aws, toolkit),
        )
        _publish_api_target(settings, aws)
        step(
            "smoke test", "token, health, contract, POST, latest, risk through the alias `live`, token revoked",
            lambda: release.run_smoke_test(STAGE, aws, record.front_url),
        )  # fmt: skip
        step(
            "repetition",
            "`cdk diff` finds nothing, `cdk deploy` does nothing",
            lambda: release.deploy(request, aws, toolkit),
        )
        step(
            "teardown",
            "`make destroy`: bucket emptied, `cdk destroy`",
            lambda: destroy(request, aws, toolkit),
        )
        if left := _remaining_stacks(aws):
            raise DeployError(f"The teardown left {left}")
    finally:
        process.stop()


def page(record: Record, steps: Sequence[tuple[str, str, float]], now: datetime) -> str:
    """Return the page of a rehearsal."""
    rows = "\n".join(f"| {what} | {how} | {seconds:.0f} s |" for what, how, seconds in steps)
    return f"""# Rehearsal of a deployment

Written by `make deploy-rehearsal` on {now:%Y-%m-%d}.

The pinned CDK command line deployed the assembly of `staging`, unchanged, to a local emulator instead of an
account. The digest of the assembly is `{record.digest[:16]}`; {record.tests_passed} template tests passed on
exactly these files. Times are those of two shared cores.

| step | what ran | took |
|---|---|---|
{rows}

The rehearsal does not cover:

- the `operations` stack, and therefore the canary and its alarms: the emulator has neither event archives nor
  CodeDeploy
- GitHub's identity provider
- IAM's evaluation of the execution policy
- the arm64 bundles: code for this machine is stored under their keys
"""


def _remaining_stacks(aws: LocalAws) -> list[str]:
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    return [each["StackName"] for each in stacks if each["StackName"] in STACKS]


def _expect_refusal(request: release.ReleaseRequest, aws: LocalAws, toolkit: Toolkit) -> None:
    try:
        release.deploy(request, aws, toolkit)
    except DeployError as error:
        release.say(f"refused, as it should be: {error}")
        return
    raise DeployError("An account without bootstrap was not refused.")


def _prepare_account(aws: LocalAws, environment: dict[str, str]) -> None:
    """Prepare the account as `make account` does, with an existing provider: the emulator cannot create one."""
    provider = f"arn:aws:iam::{names.LOCAL_ACCOUNT}:oidc-provider/{ISSUER}"
    write_assembly(account_plan("owner/name", [STAGE], provider), ACCOUNT_FOLDER)
    prepare(aws, Toolkit(ACCOUNT_FOLDER, environment), confirmed=True)


def _environment(record: StageRecord, home: Path) -> dict[str, str]:
    """Return the CLI's environment: the emulator and its credentials, without the user's profiles and proxies."""
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


def _upload_local_code(folder: Path, aws: LocalAws) -> None:
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
    group_of = {names.handler(folder): group for folder, group in BUNDLE_OF.items()}
    return {group_of[each["Handler"]]: each["Code"]["S3Key"] for each in functions}


def _publish_api_target(settings: LocalSettings, aws: LocalAws) -> None:
    stack: dict[str, Any] = aws.client("cloudformation").describe_stacks(StackName=STACKS[1])["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    write_target(settings.target_file, ApiTarget(outputs["ApiId"], names.API_STAGE_NAME))


if __name__ == "__main__":
    sys.exit(main())
