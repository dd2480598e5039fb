"""Removal policy of stateful resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy

if TYPE_CHECKING:
    from infra.environments import EnvironmentSpec


def removal_policy_for(environment: EnvironmentSpec) -> RemovalPolicy:
    """Return the policy: keep the data if the stage retains data, except after a failed first creation.

    Names are fixed: resources that are kept after a failed creation would make the next one fail.
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if environment.retain_data else RemovalPolicy.DESTROY
