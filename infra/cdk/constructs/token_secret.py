"""The secret with the digests of the valid tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import SecretValue
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import names
from infra.cdk.constructs.removal_policy import removal_policy_for
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from infra.environments import EnvironmentSpec


class TokenSecret(Construct):
    """A secret that starts as an empty list: no API call succeeds until an operator adds a token's digest.

    CloudFormation writes the value again only if its text in this template changes. It never does, so
    deployments keep the operators' list.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment: EnvironmentSpec) -> None:
        super().__init__(scope, construct_id)
        self.secret = secretsmanager.Secret(
            self,
            "Tokens",
            secret_name=names.tokens_secret_name(environment.name),
            description="Digests, scopes and actors of the bearer tokens of the risk hub",
            secret_string_value=SecretValue.unsafe_plain_text(json.dumps({"tokens": []})),
            removal_policy=removal_policy_for(environment),
        )
        acknowledge(
            self.secret,
            {
                "AwsSolutions-SMG4": "The secret has digests of several tokens; an operator rotates one "
                "by adding its successor and removing it later, which a rotation function cannot do "
                "for the token's owner",
            },
        )
