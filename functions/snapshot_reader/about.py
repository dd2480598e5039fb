"""Routes about the hub itself: its contract with every limit, and its health."""

from collections.abc import Mapping

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.request import Request
from functions.entrypoints.http.responses import Response, json_response
from functions.entrypoints.http.router import Router
from functions.hub.domain.exposure import ExposureLimits
from functions.hub.domain.offload import OffloadPolicy
from risk_hub_contracts import CONTRACT_VERSION
from risk_hub_contracts.base.limits import served_limits

DEFAULT_EXPOSURE_LIMITS = ExposureLimits()


def about_routes(
    router: Router,
    authenticator: Authenticator,
    stages: frozenset[str],
    offload: OffloadPolicy,
    exposure: ExposureLimits = DEFAULT_EXPOSURE_LIMITS,
) -> Router:
    """Add the hub's own routes to a router."""
    served = {
        "contract_version": CONTRACT_VERSION,
        "stages": sorted(stages),
        "limits": served_limits(offload.inline_threshold_entries, offload=offload.enabled),
        "stage_limits": {stage: {"gross_exposure_max": exposure.gross(stage)} for stage in sorted(stages)},
    }

    def contract(request: Request, _path: Mapping[str, str]) -> Response:
        authenticator.require_token(request, None)
        request.require_no_query()
        return json_response(200, served)

    def health(_request: Request, _path: Mapping[str, str]) -> Response:
        # The only route that ignores query parameters: load balancers and uptime monitors add their own to
        # avoid caches, and no parameter could be mistaken for a filter of this answer.
        return json_response(200, {"status": "ok", "contract_version": CONTRACT_VERSION})

    router.add("read_contract", contract)
    router.add("read_health", health)
    return router
