"""Prerequisites of an account for a deployment; report each missing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra import names
from infra.errors import DeployError
from infra.recovery.errors import error_code, error_text

if TYPE_CHECKING:
    from infra.ops.operate.stage_access import Clients

# The minimum version of current assemblies; `make account` installs a newer one.
BOOTSTRAP_VERSION_MIN: Final = 8


@dataclass(frozen=True, slots=True)
class Account:
    """Target account and region of a deployment."""

    account_id: str
    region: str


def ready_account(aws: Clients, required_account: str | None = None) -> Account:
    """Return the account and region of the current credentials if a stage can be deployed there.

    Raises:
        DeployError: credentials or region are missing, the account is not `required_account`, or its bootstrap is
            missing or too old.
    """
    try:
        identity = aws.client("sts").get_caller_identity()
        ssm = aws.client("ssm")
        account = Account(str(identity["Account"]), str(ssm.meta.region_name))
        if required_account and required_account != account.account_id:
            raise DeployError(
                f"The credentials belong to account {account.account_id}, not to {required_account}. Nothing was deployed."
            )
        version = _bootstrap_version(ssm)
    except (ClientError, BotoCoreError) as error:
        raise DeployError(error_text(error)) from error
    if version < BOOTSTRAP_VERSION_MIN:
        raise DeployError(
            f"Account {account.account_id} is not prepared for CDK in {account.region} "
            f"({f'bootstrap version {version}' if version else 'no bootstrap'}, {BOOTSTRAP_VERSION_MIN} or later is "
            "needed): docs/guides/deploying.md says how, once per account and region."
        )
    return account


def _bootstrap_version(ssm: object) -> int:
    try:
        answer = ssm.get_parameter(Name=names.BOOTSTRAP_VERSION)  # type: ignore[attr-defined]
    except ClientError as error:
        if error_code(error) == "ParameterNotFound":
            return 0
        raise
    return int(answer["Parameter"]["Value"])
