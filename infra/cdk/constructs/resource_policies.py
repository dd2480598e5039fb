"""Resource policy statements that deny plain HTTP and other accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Sequence


def deny_plain_http(action: str, resources: Sequence[str]) -> iam.PolicyStatement:
    """Deny every request without TLS."""
    return _deny_statement("RefusePlainHttp", action, resources, {"Bool": {"aws:SecureTransport": "false"}})


def deny_other_accounts(action: str, resources: Sequence[str], account: str) -> iam.PolicyStatement:
    """Deny other accounts and unsigned requests; AWS services, which have no account, stay allowed.

    An unsigned request has neither condition key; `IfExists` covers it.
    """
    conditions = {
        "StringNotEquals": {"aws:PrincipalAccount": account},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    return _deny_statement("RefuseStrangers", action, resources, conditions)


def _deny_statement(
    sid: str, action: str, resources: Sequence[str], conditions: dict[str, dict[str, str]]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=[action],
        resources=[*resources],
        conditions=conditions,
    )
