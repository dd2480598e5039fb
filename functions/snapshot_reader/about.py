"""The routes that speak of the hub itself: its contract with every limit, and whether it is up."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.hub.http.door import Door
from functions.hub.http.gate import Gate
from functions.hub.http.request import Request
from functions.hub.http.responses import json_response


def about_routes(door: Door, gate: Gate, served_contract: Mapping[str, Any]) -> Door:
    """Add the hub's own routes to a door."""

    def contract(request: Request, _path: Mapping[str, str]) -> Response[Any]:
        gate.admit(request, None)
        return json_response(200, served_contract)

    def health(_request: Request, _path: Mapping[str, str]) -> Response[Any]:
        return json_response(200, {"status": "ok", "contract_version": served_contract["contract_version"]})

    door.add("GET", "/risk-hub/contract", contract)
    door.add("GET", "/risk-hub/health", health)
    return door
