"""Grants of the function table as statements of the functions' roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.cdk.constructs.hub_function import HubFunction
    from infra.cdk.stacks.resources import HubResources
    from infra.function_spec import Grant


def allow_grants(function: HubFunction, grants: Iterable[Grant], resources: HubResources) -> None:
    """Add one statement to the function's role for each grant of its row, and one for the objects of each bucket."""
    for grant in grants:
        others = []
        prefixes: dict[str, list[str]] = {}
        for each in grant.resources:
            store, slash, rest = each.partition("/")
            if slash and resources.bucket(store) is not None:
                prefixes.setdefault(store, []).append(rest.removesuffix("*"))
            else:
                others.append(each)
        for store, found in prefixes.items():
            bucket = resources.bucket(store)
            if bucket is not None:
                function.allow_on_objects(grant.actions, bucket, found)
        if others:
            function.allow(grant.actions, [arn for each in others for arn in resources.arns(each)])
