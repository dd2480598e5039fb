"""cdk-nag: the rule packs of every synthesis, and the reasons that acknowledge findings per construct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import IConstruct

PYTHON_3_13: Final = (
    "The bundles are compiled, tested and measured on Python 3.13; "
    "review when 3.14 is the tested version (reviewed 2026-11)"
)


def check_with_nag(app: App) -> None:
    """Add the AWS Solutions and Serverless packs: an unacknowledged finding fails the synthesis."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings on this construct alone.

    Args:
        construct: The construct on which the finding is reported; never a stack.
        reasons: Rule id with its pack's prefix (`AwsSolutions-S1`, `Serverless-LambdaDLQ`) to reason.
    """
    Validations.of(construct).acknowledge(
        *(
            Acknowledgment(id=f"{rule.partition('-')[0]}::{rule}", reason=reason)
            for rule, reason in reasons.items()
        ),
    )
