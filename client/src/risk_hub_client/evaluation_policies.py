"""Evaluation policies as steps: stored versions, and the active version of a world."""

import json
from collections.abc import Mapping
from typing import Any, Final

from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.reads import Steps, next_cursor, world_path
from risk_hub_client.wire import Call
from risk_hub_contracts.api.routes import path_of
from risk_hub_contracts.base.limits import LIST_LIMIT_MAX
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.problems import ProblemError

__all__ = ["activate", "activations_page", "active", "policies_page", "put", "read"]

_WRITTEN: Final = frozenset({200, 201})
_JSON: Final = {"Content-Type": "application/json"}


def put(document: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """Store a policy under the id and the version that its document names."""
    identity = (str(document.get(name, "")) for name in ("policy_id", "version"))
    path = _version_path("put_policy", *identity)
    body = json.dumps(document).encode()
    answer = yield Call("PUT", path, _JSON, body=body, accepted_statuses=_WRITTEN)
    return answer.mapping()


def read(policy_id: str, version: str) -> Steps[dict[str, Any]]:
    """Request one stored version."""
    answer = yield Call("GET", _version_path("read_policy", policy_id, version))
    return answer.mapping()


def policies_page(policy_id: str | None, cursor: str | None) -> Steps[dict[str, Any]]:
    """Request one page of the stored versions, of one policy or of all."""
    params = {"policy_id": policy_id, "limit": str(LIST_LIMIT_MAX), "cursor": cursor}
    answer = yield Call("GET", path_of("list_policies"), params=params)
    found = answer.read(_parse_policies)
    return found | {"next_cursor": next_cursor(cursor, found["next_cursor"], answer)}


def activate(world_id: str, policy_id: str, version: str, reason: str) -> Steps[dict[str, Any]]:
    """Let a stored version judge the strategies of a world."""
    body = json.dumps({"policy_id": policy_id, "version": version, "reason": reason}).encode()
    path = world_path("activate_policy", world_id)
    answer = yield Call("PUT", path, _JSON, body=body, accepted_statuses=_WRITTEN)
    return answer.mapping()


def active(world_id: str) -> Steps[dict[str, Any]]:
    """Request the activation in force."""
    answer = yield Call("GET", world_path("read_active_policy", world_id))
    return answer.mapping()


def activations_page(world_id: str, cursor: str | None) -> Steps[dict[str, Any]]:
    """Request one page of the activations of a world, newest first."""
    params = {"limit": str(LIST_LIMIT_MAX), "cursor": cursor}
    answer = yield Call("GET", world_path("list_activations", world_id), params=params)
    found = answer.read(_parse_activations)
    return found | {"next_cursor": next_cursor(cursor, found["next_cursor"], answer)}


def _version_path(operation_id: str, policy_id: str, version: str) -> str:
    """Return the path of an operation on a stored version.

    Raises:
        InvalidSnapshotError: the id or the version is malformed, so no request is made.
    """
    try:
        check_id(policy_id, "/policy_id")
        check_id(version, "/version")
    except ProblemError as problem:
        raise InvalidSnapshotError.of(problem) from None
    return path_of(operation_id, policy_id=policy_id, version=version)


def _parse_policies(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    policies = [dict(each) for each in document["policies"]]
    return {"policies": policies, "next_cursor": document["next_cursor"]}


def _parse_activations(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    activations = [dict(each) for each in document["activations"]]
    return {"activations": activations, "next_cursor": document["next_cursor"]}
