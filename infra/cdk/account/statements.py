"""IAM statements with resources in cdk-nag's notation, so that each wildcard is acknowledged by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REGION_AND_ACCOUNT: Final = "<AWS::Region>:<AWS::AccountId>"
_PSEUDO_PARAMETERS: Final = {
    "<AWS::Partition>": Aws.PARTITION,
    "<AWS::Region>": Aws.REGION,
    "<AWS::AccountId>": Aws.ACCOUNT_ID,
}


@dataclass(frozen=True, slots=True)
class AllowStatement:
    """Actions on resources, each written as the part of the ARN after `arn:partition:`.

    Example: `dynamodb:<AWS::Region>:<AWS::AccountId>:table/risk-hub-*`.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, Sequence[str]]] | None = None

    def statement(self) -> iam.PolicyStatement:
        """Return the IAM policy statement."""
        return iam.PolicyStatement(
            actions=[*self.actions],
            resources=[resolve_pseudo_parameters(each) for each in self._arns()],
            conditions=_plain_conditions(self.conditions),
        )

    def findings(self) -> Iterator[str]:
        """Yield cdk-nag's finding id for each wildcard."""
        yield from (f"AwsSolutions-IAM5[Action::{each}]" for each in self.actions if "*" in each)
        yield from (f"AwsSolutions-IAM5[Resource::{each}]" for each in self._arns() if "*" in each)

    def _arns(self) -> list[str]:
        return [each if each == "*" else f"arn:<AWS::Partition>:{each}" for each in self.resources]


def resolve_pseudo_parameters(text: str) -> str:
    """Replace the names of CloudFormation's pseudo-parameters by the parameters."""
    for name, value in _PSEUDO_PARAMETERS.items():
        text = text.replace(name, value)
    return text


def _plain_conditions(
    conditions: Mapping[str, Mapping[str, Sequence[str]]] | None,
) -> dict[str, dict[str, list[str]]]:
    return {
        operator: {key: [*values] for key, values in keys.items()}
        for operator, keys in (conditions or {}).items()
    }
