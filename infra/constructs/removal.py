"""What becomes of what holds data when its stack is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy

if TYPE_CHECKING:
    from infra.stages import Stage


def removal_of(stage: Stage) -> RemovalPolicy:
    """Kept where the stage keeps data, but not after a first creation that failed: fixed names would refuse the next."""
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.retain_data else RemovalPolicy.DESTROY
