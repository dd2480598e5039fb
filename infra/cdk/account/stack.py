"""Account stack: GitHub's identity provider, a deployment role per stage, CloudFormation's limits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import BootstraplessSynthesizer, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam

from infra import names
from infra.cdk.account.deploy_role import AUDIENCE, ISSUER, DeployRole
from infra.cdk.account.execution_policy import ExecutionPolicy
from infra.context_values import parse_boundary_policy
from infra.environments import ENVIRONMENTS
from infra.errors import EnvironmentSpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from infra.environments import EnvironmentName

REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
PROVIDER: Final = re.compile(rf"arn:[a-z-]+:iam::\d{{12}}:oidc-provider/{re.escape(ISSUER)}")


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """The repository and stages that may be deployed into an account.

    Attributes:
        repository: `owner/name` on GitHub.
        stages: stages of this account.
        permissions_boundary: managed policy, by name or ARN, that every role CloudFormation creates must
            have; None: no boundary is required.
        provider_arn: GitHub's identity provider if the account already has it; an account can have only one.
    """

    repository: str
    stages: tuple[EnvironmentName, ...]
    provider_arn: str | None = None
    permissions_boundary: str | None = None


def account_plan(
    repository: str,
    stages: Sequence[str],
    provider_arn: str | None = None,
    permissions_boundary: str | None = None,
) -> AccountPlan:
    """Return the plan of an account.

    Raises:
        EnvironmentSpecError: the repository is not one exact name, the provider is not GitHub's, or a stage is unknown
            or must not share an account.
    """
    if not REPOSITORY.fullmatch(repository):
        raise EnvironmentSpecError(
            f"repository {repository!r}: give owner/name as on GitHub, without a pattern"
        )
    if provider_arn and not PROVIDER.fullmatch(provider_arn):
        raise EnvironmentSpecError(
            f"provider {provider_arn!r} is not the ARN of an identity provider for {ISSUER}"
        )
    known: dict[str, EnvironmentName] = {
        name: row.name for name, row in ENVIRONMENTS.items() if name != names.LOCAL_STAGE
    }
    if not stages or any(each not in known for each in stages):
        raise EnvironmentSpecError(f"stages {','.join(stages)!r}: choose from {', '.join(known)}")
    if len(stages) > 1 and (kept := [each for each in stages if ENVIRONMENTS[known[each]].retain_data]):
        raise EnvironmentSpecError(f"stages {','.join(stages)!r}: {kept[0]} needs a separate account")
    boundary = parse_boundary_policy(permissions_boundary) if permissions_boundary else None
    return AccountPlan(repository, tuple(known[each] for each in stages), provider_arn or None, boundary)


class AccountStack(Stack):
    """Account stack, deployed before CDK's bootstrap, which uses its policy, by a person with IAM rights."""

    def __init__(self, scope: Construct, plan: AccountPlan) -> None:
        super().__init__(
            scope,
            names.ACCOUNT_STACK,
            description=f"Roles that may deploy the risk hub in this account: {plan.repository}",
            synthesizer=BootstraplessSynthesizer(),
        )
        provider_arn = plan.provider_arn or self._provider()
        for stage in plan.stages:
            DeployRole(
                self,
                f"{stage.capitalize()}Deploy",
                stage=stage,
                repository=plan.repository,
                provider_arn=provider_arn,
            )
        ExecutionPolicy(self, "Execution", permissions_boundary=plan.permissions_boundary)

    def _provider(self) -> str:
        provider = iam.CfnOIDCProvider(self, "GitHub", url=f"https://{ISSUER}", client_id_list=[AUDIENCE])
        # Other stacks of the account may depend on the provider: keep it when this stack is deleted or later
        # given PROVIDER.
        provider.apply_removal_policy(RemovalPolicy.RETAIN)
        return provider.attr_arn
