"""Resource policy statements that deny plain HTTP, other accounts, and changes of history and of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Sequence


def deny_plain_http(action: str, resources: Sequence[str]) -> iam.PolicyStatement:
    """Deny every request without TLS."""
    return _deny_statement("RefusePlainHttp", [action], resources, {"Bool": {"aws:SecureTransport": "false"}})


def deny_other_accounts(action: str, resources: Sequence[str], account: str) -> iam.PolicyStatement:
    """Deny other accounts and unsigned requests; AWS services, which have no account, stay allowed.

    An unsigned request has neither condition key; `IfExists` covers it.
    """
    conditions = {
        "StringNotEquals": {"aws:PrincipalAccount": account},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    return _deny_statement("RefuseOtherAccounts", [action], resources, conditions)


def deny_deletion(kind: str, objects: str) -> iam.PolicyStatement:
    """Deny the deletion of objects to every principal of the account; only a lifecycle rule can expire them.

    Args:
        kind: the kind of the objects, a part of the statement's id.
        objects: their ARN, with a wildcard.
    """
    return _deny_statement(f"Refuse{kind}Deletion", ["s3:DeleteObject", "s3:DeleteObjectVersion"], [objects])


def deny_overwriting(kind: str, objects: str) -> iam.PolicyStatement:
    """Deny every write of an object without `If-None-Match`, which requires that its key is free."""
    unconditional = {"Null": {"s3:if-none-match": "true"}}
    return _deny_statement(f"Refuse{kind}Overwriting", ["s3:PutObject"], [objects], unconditional)


def deny_run_changes(resources: Sequence[str]) -> iam.PolicyStatement:
    """Deny updates and deletions of items to every principal of the account; only their expiry removes items.

    A batch of writes is denied because the permission for puts in batches includes deletions.
    """
    actions = ("UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete")
    return _deny_statement("RefuseRunChanges", [f"dynamodb:{action}" for action in actions], resources)


def _deny_statement(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: dict[str, dict[str, str]] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=[*actions],
        resources=[*resources],
        conditions=conditions,
    )
