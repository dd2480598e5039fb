"""The CDK app of one stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from infra.cdk.nag import check_with_nag
from infra.cdk.stacks.data import DataStack
from infra.cdk.stacks.operations import OperationsStack
from infra.cdk.stacks.service import ServiceStack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aws_cdk import aws_lambda as lambda_

    from infra.environments import EnvironmentSpec
    from infra.names import BundleGroup

# Paths in metadata would make the assembly depend on the machine.
_REPRODUCIBLE_CONTEXT = {
    "aws:cdk:enable-path-metadata": False,
    "aws:cdk:enable-asset-metadata": False,
    "aws:cdk:disable-stack-trace": True,
    # The default value; without an explicit setting the CLI warns at each deployment.
    "@aws-cdk/core:defaultCrossStackReferences": "strong",
}


def new_app(outdir: Path | None = None) -> cdk.App:
    """Return an app whose assembly depends only on its inputs."""
    return cdk.App(
        analytics_reporting=False,
        outdir=str(outdir) if outdir else None,
        post_cli_context=_REPRODUCIBLE_CONTEXT,
    )


def add_hub(app: cdk.App, environment: EnvironmentSpec, code: Mapping[BundleGroup, lambda_.Code]) -> None:
    """Add the stage's stacks, and the checks that can fail the synthesis."""
    check_with_nag(app)
    data = DataStack(app, environment=environment)
    service = ServiceStack(app, environment=environment, data=data, code=code)
    OperationsStack(app, environment=environment).add_stack_dependency(service)
