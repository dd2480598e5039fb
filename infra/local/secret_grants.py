"""Correct grants on a secret in the emulator.

On AWS a secret's `Ref` is its ARN. The emulator returns the name, so a policy that names the secret by `Ref`
grants nothing when policies are enforced.
"""

import json
from typing import Any

from infra.local.aws import LocalAws


def fix_secret_grants(aws: LocalAws, secret_ref: str) -> int:
    """Replace the secret's name by its ARN in role policies; return the number of changed policies."""
    iam = aws.client("iam")
    arn = aws.client("secretsmanager").describe_secret(SecretId=secret_ref)["ARN"]
    changed = 0
    for role in iam.list_roles()["Roles"]:
        for policy_name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            given = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy_name)["PolicyDocument"]
            wanted = with_secret_arn(given, secret_ref, arn)
            if wanted != given:
                iam.put_role_policy(
                    RoleName=role["RoleName"], PolicyName=policy_name, PolicyDocument=json.dumps(wanted)
                )
                changed += 1
    return changed


def with_secret_arn(policy: dict[str, Any], name: str, arn: str) -> dict[str, Any]:
    """Return the policy with `name` replaced by `arn` where it is a whole resource."""
    return {**policy, "Statement": [_statement(each, name, arn) for each in policy["Statement"]]}


def _statement(statement: dict[str, Any], name: str, arn: str) -> dict[str, Any]:
    resources = statement.get("Resource")
    if isinstance(resources, list):
        return {**statement, "Resource": [arn if each == name else each for each in resources]}
    return {**statement, "Resource": arn} if resources == name else statement
