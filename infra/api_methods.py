"""API Gateway's methods: which function answers which method of which path."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from risk_hub_contracts.api.routes import ROUTES, ApiFunction

ANY_METHOD: Final = "ANY"


class GatewayMethod(NamedTuple):
    """A method of the REST API, or ANY, and the function that it invokes."""

    verb: str
    path: str
    function: ApiFunction


def gateway_methods() -> tuple[GatewayMethod, ...]:
    """Return the methods of the route table, in its order.

    Each path has one ANY method, whose function also answers HEAD, OPTIONS and 405. If several functions share a
    path, it is the function that answers GET.
    """
    any_of = _function_of_other_methods()
    found = (
        GatewayMethod(
            ANY_METHOD if any_of[route.path] == route.function else route.method, route.path, route.function
        )
        for route in ROUTES.values()
    )
    return tuple(dict.fromkeys(found))


def _function_of_other_methods() -> Mapping[str, ApiFunction]:
    found: dict[str, ApiFunction] = {}
    for route in ROUTES.values():
        if route.method == "GET":
            found[route.path] = route.function
        found.setdefault(route.path, route.function)
    return found
