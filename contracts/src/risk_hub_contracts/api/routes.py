"""The route table: one row per operation of the API.

It feeds the routers of the functions, API Gateway, the OpenAPI description, the client's paths and the tests.
The models and problems of an operation are in `api.openapi`, so that a cold function does not load them.
Every path with `GET` also answers `HEAD`; every path answers `OPTIONS`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from risk_hub_contracts.base.tokens import Scope

__all__ = [
    "ANY_SCOPE",
    "METHODS_BY_ROUTE",
    "ROOT",
    "ROUTES",
    "ApiFunction",
    "Method",
    "Route",
    "allowed_methods",
    "path_of",
]

Method = Literal["GET", "POST", "PUT", "DELETE"]
ApiFunction = Literal[
    "snapshot_writer", "snapshot_reader", "world_registry", "evaluation_registry", "evaluator"
]
ANY_SCOPE: Final = "any scope"
ROOT: Final = "/risk-hub"


class Route(NamedTuple):
    """One operation of the API.

    Attributes:
        operation_id: the operation's name in OpenAPI, in the routers and in this table.
        method: the HTTP method.
        path: the path, with `{name}` for each path value.
        function: the deployed function that answers.
        scope: the scope that the token needs; ANY_SCOPE accepts every live token, None needs no token.
    """

    operation_id: str
    method: Method
    path: str
    function: ApiFunction
    scope: Scope | Literal["any scope"] | None


_WORLDS: Final = f"{ROOT}/worlds"
_WORLD: Final = f"{_WORLDS}/{{world_id}}"
_SNAPSHOTS: Final = f"{_WORLD}/snapshots"
_LATEST: Final = f"{_SNAPSHOTS}/latest"
_VERSION: Final = f"{_SNAPSHOTS}/{{version}}"
_BLOBS: Final = f"{_WORLD}/blobs"
_BLOB: Final = f"{_BLOBS}/{{sha256}}"
_HISTORY: Final = f"{_WORLD}/history"
_EXPECTATIONS: Final = f"{_WORLD}/expectations"
_EXIT_POLICY: Final = f"{_WORLD}/exit-policy"
_POLICIES: Final = f"{ROOT}/policies"
_POLICY_VERSION: Final = f"{_POLICIES}/{{policy_id}}/versions/{{version}}"
_ACTIVE_POLICY: Final = f"{_WORLD}/policy"
_ROLLOUT: Final = f"{_WORLD}/rollout"
_RUNS: Final = f"{_WORLD}/evaluation-runs"
_RUN: Final = f"{_RUNS}/{{run_id}}"

# Grouped by function. API Gateway's methods are created in this order; a new order redeploys the API.
_TABLE: Final = (
    Route("publish_snapshot", "POST", _SNAPSHOTS, "snapshot_writer", "snapshots:write"),
    Route("begin_upload", "POST", _BLOBS, "snapshot_writer", "snapshots:write"),
    Route("complete_upload", "POST", f"{_BLOB}/complete", "snapshot_writer", "snapshots:write"),
    Route("abort_upload", "POST", f"{_BLOB}/abort", "snapshot_writer", "snapshots:write"),
    Route("list_snapshots", "GET", _SNAPSHOTS, "snapshot_reader", "snapshots:read"),
    Route("latest_snapshot", "GET", _LATEST, "snapshot_reader", "snapshots:read"),
    Route("lookup_snapshot", "GET", f"{_SNAPSHOTS}/lookup", "snapshot_reader", "snapshots:read"),
    Route("read_latest_risk", "GET", f"{_LATEST}/risk", "snapshot_reader", "snapshots:read"),
    Route("read_latest_stress", "GET", f"{_LATEST}/stress", "snapshot_reader", "snapshots:read"),
    Route("read_risk", "GET", f"{_VERSION}/risk", "snapshot_reader", "snapshots:read"),
    Route("read_stress", "GET", f"{_VERSION}/stress", "snapshot_reader", "snapshots:read"),
    Route("list_exit_signals", "GET", f"{_WORLD}/exit-signals", "snapshot_reader", "snapshots:read"),
    Route("backtest_risk", "GET", f"{_WORLD}/risk/backtest", "snapshot_reader", "snapshots:read"),
    Route("read_blob", "GET", _BLOB, "snapshot_reader", "snapshots:read"),
    Route("list_history", "GET", _HISTORY, "snapshot_reader", "snapshots:read"),
    Route("list_hot_history", "GET", f"{_HISTORY}/hot", "snapshot_reader", "snapshots:read"),
    Route("read_contract", "GET", f"{ROOT}/contract", "snapshot_reader", ANY_SCOPE),
    Route("read_health", "GET", f"{ROOT}/health", "snapshot_reader", None),
    Route("list_worlds", "GET", _WORLDS, "world_registry", "snapshots:read"),
    Route("expect_world", "PUT", _EXPECTATIONS, "world_registry", "worlds:write"),
    Route("read_expectation", "GET", _EXPECTATIONS, "world_registry", "snapshots:read"),
    Route("forget_world", "DELETE", _EXPECTATIONS, "world_registry", "worlds:write"),
    Route("put_exit_policy", "PUT", _EXIT_POLICY, "world_registry", "worlds:write"),
    Route("read_exit_policy", "GET", _EXIT_POLICY, "world_registry", "snapshots:read"),
    Route("drop_exit_policy", "DELETE", _EXIT_POLICY, "world_registry", "worlds:write"),
    Route("list_policies", "GET", _POLICIES, "evaluation_registry", "evaluations:read"),
    Route("put_policy", "PUT", _POLICY_VERSION, "evaluation_registry", "policies:write"),
    Route("read_policy", "GET", _POLICY_VERSION, "evaluation_registry", "evaluations:read"),
    Route("activate_policy", "PUT", _ACTIVE_POLICY, "evaluation_registry", "policies:write"),
    Route("read_active_policy", "GET", _ACTIVE_POLICY, "evaluation_registry", "evaluations:read"),
    Route("list_activations", "GET", f"{_ACTIVE_POLICY}/history", "evaluation_registry", "evaluations:read"),
    Route("set_rollout", "PUT", _ROLLOUT, "evaluation_registry", "governance:approve"),
    Route("read_rollout", "GET", _ROLLOUT, "evaluation_registry", "evaluations:read"),
    Route("roll_back", "POST", f"{_ROLLOUT}/rollback", "evaluation_registry", "governance:approve"),
    Route("list_rollout_changes", "GET", f"{_ROLLOUT}/history", "evaluation_registry", "evaluations:read"),
    Route("evaluate_strategies", "POST", f"{_WORLD}/evaluate", "evaluator", "evaluations:write"),
    Route("list_runs", "GET", _RUNS, "evaluation_registry", "evaluations:read"),
    Route("read_run", "GET", _RUN, "evaluation_registry", "evaluations:read"),
    Route("read_run_history", "GET", f"{_RUN}/history", "evaluation_registry", "evaluations:read"),
)
ROUTES: Final[Mapping[str, Route]] = MappingProxyType({route.operation_id: route for route in _TABLE})


def _methods_by_route() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for route in _TABLE:
        found[route.path] = (*found.get(route.path, ()), route.method)
    return found


METHODS_BY_ROUTE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(_methods_by_route())


def path_of(operation_id: str, **values: str) -> str:
    """Return the path of an operation, with its path values percent-encoded.

    Raises:
        KeyError: the table has no such operation, or a path value is missing.
    """
    quoted = {name: quote(value, safe="") for name, value in values.items()}
    return ROUTES[operation_id].path.format_map(quoted)


def allowed_methods(path: str) -> list[str]:
    """Return a path's methods in alphabetical order, with HEAD and OPTIONS; empty for an unknown path."""
    segments = path.rstrip("/").split("/")
    for template, methods in METHODS_BY_ROUTE.items():
        if _matches(template.split("/"), segments):
            return sorted({*methods, "OPTIONS", *(("HEAD",) if "GET" in methods else ())})
    return []


def _matches(template: list[str], segments: list[str]) -> bool:
    if len(template) != len(segments):
        return False
    pairs = zip(template, segments, strict=True)
    return all(part == segment or (part[:1] == "{" and segment != "") for part, segment in pairs)
