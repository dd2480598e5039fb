"""Prepare an account once: deployment roles, then CDK's bootstrap under a policy limited to the hub's names.

A person with IAM rights runs `python -m infra.ops.deploy.prepare_account --repository owner/name --stages
dev,staging` (`make account`), and runs it again after the policy or the stages changed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra import names
from infra.cdk.account.stack import AccountStack, account_plan
from infra.cdk.nag import check_with_nag
from infra.cdk.stacks.hub import new_app
from infra.environments import ENVIRONMENTS
from infra.errors import DeployError, EnvironmentSpecError
from infra.ops.deploy import release
from infra.ops.deploy.assembly import ASSEMBLIES
from infra.ops.deploy.toolkit import Toolkit
from infra.ops.operate.stage_access import CloudAws
from infra.recovery.errors import error_code, error_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infra.cdk.account.stack import AccountPlan
    from infra.ops.operate.stage_access import Clients

FOLDER = ASSEMBLIES / "account"
BOOTSTRAP_STACK: Final = "CDKToolkit"
# DynamoDB's key in the settings of AWS Backup.
DYNAMODB_RESOURCE_TYPE: Final = "DynamoDB"


@dataclass(frozen=True, slots=True)
class Target:
    """Account and region of the credentials."""

    partition: str
    account_id: str
    region: str

    @property
    def cdk_environment(self) -> str:
        """Return the target in the CLI's notation."""
        return f"aws://{self.account_id}/{self.region}"

    @property
    def execution_policy_arn(self) -> str:
        """Return the ARN of the policy that the account stack creates."""
        return f"arn:{self.partition}:iam::{self.account_id}:policy/{names.EXECUTION_POLICY}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare the account; return 0, or 1 with the reason on failure."""
    options = build_parser().parse_args(arguments)
    try:
        plan = account_plan(
            options.repository, options.stages.split(","), options.provider, options.permissions_boundary
        )
        write_assembly(plan, FOLDER)
        aws = CloudAws()
        require_cold_storage(aws, plan)
        if not options.replace_bootstrap_policies:
            require_own_bootstrap(aws)
        prepare(aws, Toolkit(FOLDER), confirmed=options.yes)
    except (EnvironmentSpecError, DeployError, ClientError, BotoCoreError) as error:
        sys.stderr.write(f"{error_text(error)}\n")
        return 1
    return os.EX_OK


def write_assembly(plan: AccountPlan, folder: Path) -> None:
    """Synthesize the account's stack into `folder`, which is emptied first; no bootstrap is needed."""
    shutil.rmtree(folder, ignore_errors=True)
    app = new_app(folder)
    check_with_nag(app)
    AccountStack(app, plan)
    app.synth()


def prepare(aws: Clients, toolkit: Toolkit, *, confirmed: bool) -> None:
    """Show the changes, ask, deploy the account's stack, and bootstrap under its policy.

    Raises:
        DeployError: not confirmed, or the CLI failed.
    """
    target = target_of(aws)
    release.say(f"to account {target.account_id}, region {target.region}")
    toolkit.run("diff")
    if not confirmed:
        release.require_confirmation(target.account_id)
    toolkit.run("deploy", "--all", "--require-approval", "never", "--progress", "events")
    toolkit.run(
        "bootstrap",
        target.cdk_environment,
        "--cloudformation-execution-policies",
        target.execution_policy_arn,
    )


def require_own_bootstrap(aws: Clients) -> None:
    """Refuse to replace a bootstrap whose CloudFormation policies differ from the hub's.

    Raises:
        DeployError: the account and region have such a bootstrap; all CDK apps there deploy under it.
    """
    try:
        answer = aws.client("cloudformation").describe_stacks(StackName=BOOTSTRAP_STACK)
    except ClientError as error:
        if error_code(error) == "ValidationError":
            return
        raise
    given = {
        each["ParameterKey"]: each.get("ParameterValue", "") for each in answer["Stacks"][0]["Parameters"]
    }
    policies, ours = given.get("CloudFormationExecutionPolicies", ""), target_of(aws).execution_policy_arn
    if policies != ours:
        raise DeployError(
            f"{BOOTSTRAP_STACK} already exists, with the execution policies {policies or '(its default)'!r}: every CDK app "
            "of this account and region deploys under them, and the hub's policy would replace them. Use another account or "
            "region, or add --replace-bootstrap-policies (make account ... REPLACE_BOOTSTRAP_POLICIES=1). "
            "Nothing was changed."
        )


def require_cold_storage(aws: Clients, plan: AccountPlan) -> None:
    """Check that AWS Backup moves table backups to cold storage, if a stage of the account has an archive.

    Without AWS Backup's advanced features for DynamoDB, a backup plan with a cold storage rule is accepted,
    but the backups stay in warm storage at three times the price.

    Raises:
        DeployError: the features are off in this region.
    """
    archived = [each for each in plan.stages if ENVIRONMENTS[each].archive_lock_days is not None]
    if not archived:
        return
    settings = aws.client("backup").describe_region_settings()
    if settings.get("ResourceTypeManagementPreference", {}).get(DYNAMODB_RESOURCE_TYPE):
        return
    raise DeployError(
        f"AWS Backup does not move backups of DynamoDB tables to cold storage in {target_of(aws).region}, and the archive "
        f"of {', '.join(archived)} needs it. Enable the advanced features for DynamoDB in this region: console, AWS "
        f"Backup, Settings, Configure resources; or aws backup update-region-settings "
        f"--resource-type-management-preference {DYNAMODB_RESOURCE_TYPE}=true "
        f"--resource-type-opt-in-preference {DYNAMODB_RESOURCE_TYPE}=true. "
        "Nothing was changed."
    )


def target_of(aws: Clients) -> Target:
    """Return the account and region of the credentials."""
    sts: Any = aws.client("sts")
    identity = sts.get_caller_identity()
    return Target(str(identity["Arn"]).split(":")[1], str(identity["Account"]), str(sts.meta.region_name))


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    found = argparse.ArgumentParser(prog="python -m infra.ops.deploy.prepare_account", description=__doc__)
    found.add_argument("--repository", required=True, metavar="OWNER/NAME", help="on GitHub")
    found.add_argument("--stages", required=True, help="that this account holds, comma-separated")
    found.add_argument("--provider", help="ARN of GitHub's identity provider, if the account already has it")
    found.add_argument(
        "--permissions-boundary", help="managed policy, by name or ARN, that must bound every role of a stage"
    )
    found.add_argument(
        "--replace-bootstrap-policies",
        action="store_true",
        help="even if other CDK apps of this account use other policies",
    )
    found.add_argument("--yes", action="store_true", help="without asking")
    return found


if __name__ == "__main__":
    sys.exit(main())
