"""Removal policy of stateful resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy

if TYPE_CHECKING:
    from infra.environments import EnvironmentSpec


def removal_policy_for(environment: EnvironmentSpec) -> RemovalPolicy:
    """Return the policy: keep data where the stage does, except after a failed first creation.

    Fixed names would make the next creation fail if resources of a failed one were kept.
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if environment.retain_data else RemovalPolicy.DESTROY
