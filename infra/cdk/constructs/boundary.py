"""Permissions boundary that an organisation requires on every role (ADR-0035)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from constructs import Construct


def set_boundary(scope: Construct, policy: str | None) -> None:
    """Set the permissions boundary of every role in `scope`, including roles that CDK creates.

    Args:
        scope: the stack.
        policy: ARN of the policy, or its name in the stack's account; None: no boundary.
    """
    if policy is None:
        return
    of = iam.ManagedPolicy.from_managed_policy_arn if policy.startswith("arn:") else _policy_by_name
    iam.PermissionsBoundary.of(scope).apply(of(scope, "Boundary", policy))


def _policy_by_name(scope: Construct, construct_id: str, name: str) -> iam.IManagedPolicy:
    return iam.ManagedPolicy.from_managed_policy_name(scope, construct_id, name)
