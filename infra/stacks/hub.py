"""The CDK app of one stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from infra.nag import check_with_nag
from infra.stacks.data import DataStack
from infra.stacks.operations import OperationsStack
from infra.stacks.service import ServiceStack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aws_cdk import aws_lambda as lambda_

    from infra.names import BundleGroup
    from infra.stages import Stage

# Paths in metadata would tie the assembly to the machine that made it.
_SAME_ON_EVERY_MACHINE = {
    "aws:cdk:enable-path-metadata": False,
    "aws:cdk:enable-asset-metadata": False,
    "aws:cdk:disable-stack-trace": True,
    # As it is by default; said aloud, the CLI does not warn of it at each deployment.
    "@aws-cdk/core:defaultCrossStackReferences": "strong",
}


def new_app(outdir: Path | None = None) -> cdk.App:
    """An app whose assembly depends on nothing but its inputs."""
    return cdk.App(
        analytics_reporting=False,
        outdir=str(outdir) if outdir else None,
        post_cli_context=_SAME_ON_EVERY_MACHINE,
    )


def add_hub(app: cdk.App, stage: Stage, code: Mapping[BundleGroup, lambda_.Code]) -> None:
    """Adds the stage's stacks and the checks that stop a synthesis."""
    check_with_nag(app)
    data = DataStack(app, stage=stage)
    service = ServiceStack(app, stage=stage, data=data, code=code)
    OperationsStack(app, stage=stage).add_stack_dependency(service)
