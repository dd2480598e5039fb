"""Grants of the function table as statements of the functions' roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.cdk.constructs.hub_function import HubFunction
    from infra.cdk.stacks.resources import HubResources
    from infra.function_spec import Grant

_OBJECTS: Final = "bucket/"


def allow_grants(function: HubFunction, grants: Iterable[Grant], resources: HubResources) -> None:
    """Add one statement to the function's role for each grant of its row."""
    for grant in grants:
        objects = [each for each in grant.resources if each.startswith(_OBJECTS)]
        others = [each for each in grant.resources if not each.startswith(_OBJECTS)]
        if objects:
            prefixes = [each.removeprefix(_OBJECTS).removesuffix("*") for each in objects]
            function.allow_on_objects(grant.actions, resources.data.bucket, prefixes)
        if others:
            function.allow(grant.actions, [arn for each in others for arn in resources.arns(each)])
