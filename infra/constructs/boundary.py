"""The permissions boundary that an organisation asks for on every role (ADR-0035)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from constructs import Construct


def set_boundary(scope: Construct, policy: str | None) -> None:
    """Put the managed policy as permissions boundary on every role in `scope`, also on those that CDK makes itself.

    Args:
        scope: the stack.
        policy: ARN of the policy, or its name in the stack's own account; None: no boundary.
    """
    if policy is None:
        return
    of = iam.ManagedPolicy.from_managed_policy_arn if policy.startswith("arn:") else _named
    iam.PermissionsBoundary.of(scope).apply(of(scope, "Boundary", policy))


def _named(scope: Construct, construct_id: str, name: str) -> iam.IManagedPolicy:
    return iam.ManagedPolicy.from_managed_policy_name(scope, construct_id, name)
