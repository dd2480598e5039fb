"""The OpenAPI 3.1 description: routes from the route table, models from pydantic, problems from the registry."""

from typing import Final

from risk_hub_contracts import __version__
from risk_hub_contracts.api.openapi.about import ABOUT
from risk_hub_contracts.api.openapi.blobs import BLOBS
from risk_hub_contracts.api.openapi.builders import Json, header_components
from risk_hub_contracts.api.openapi.evaluations import EVALUATIONS
from risk_hub_contracts.api.openapi.examples import add_examples
from risk_hub_contracts.api.openapi.history import HISTORY
from risk_hub_contracts.api.openapi.links import add_links
from risk_hub_contracts.api.openapi.operations import Operation, paths
from risk_hub_contracts.api.openapi.policies import POLICIES
from risk_hub_contracts.api.openapi.reports import REPORTS
from risk_hub_contracts.api.openapi.rollout import ROLLOUT
from risk_hub_contracts.api.openapi.runs import RUNS
from risk_hub_contracts.api.openapi.snapshots import SNAPSHOTS
from risk_hub_contracts.api.openapi.worlds import WORLDS
from risk_hub_contracts.api.schemas import DIALECT, component_schemas

OPERATIONS: Final[tuple[Operation, ...]] = (
    *(*SNAPSHOTS, *REPORTS, *HISTORY, *BLOBS),
    *(*WORLDS, *POLICIES, *ROLLOUT, *RUNS, *EVALUATIONS, *ABOUT),
)


def openapi_document(*, closed_answers: bool = False) -> Json:
    """Return the whole description, JSON-ready; the same on every run.

    Args:
        closed_answers: forbid members that an answer does not declare; for tests of the hub's output.
    """
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "Risk Signal Hub",
            "version": __version__,
            "summary": "Portfolio risk snapshots: validated, versioned, announced, evaluated.",
            "description": "Errors are RFC 9457 problems; branch on `type`, show `detail` and `remedy`. Every path with a "
            "GET also answers HEAD, without a body. OPTIONS is 204 with `Allow`, any other method 405 with `Allow`.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": add_links(add_examples(paths(OPERATIONS))),
        "components": {
            "schemas": component_schemas(closed_answers=closed_answers),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "One token per client."},
            },
            "headers": header_components(),
        },
    }
