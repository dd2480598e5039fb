"""Registry of worlds as steps: expectations, exit policies, and the freshness of every world."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from risk_hub_client.reads import Steps, next_cursor, world_path
from risk_hub_client.wire import Call
from risk_hub_contracts.api.routes import path_of

__all__ = ["EXIT_POLICY", "EXPECTATIONS", "Resource", "delete", "put", "read", "worlds_page"]


class Resource(NamedTuple):
    """Operation ids of one kind of registration of a world: its expectation or its exit policy."""

    put: str
    read: str
    delete: str


EXPECTATIONS: Final = Resource("expect_world", "read_expectation", "forget_world")
EXIT_POLICY: Final = Resource("put_exit_policy", "read_exit_policy", "drop_exit_policy")
_STORED: Final = frozenset({200, 201})
_DELETED: Final = frozenset({204})


def worlds_page(cursor: str | None) -> Steps[dict[str, Any]]:
    """Request one page of the worlds that the hub knows."""
    answer = yield Call("GET", path_of("list_worlds"), params={"cursor": cursor})
    found = answer.read(_parse_worlds_page)
    return found | {"next_cursor": next_cursor(cursor, found["next_cursor"], answer)}


def put(world_id: str, resource: Resource, stage: str, body: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """Store an expectation or exit policy, and return it as the hub stored it."""
    answer = yield Call(
        "PUT",
        world_path(resource.put, world_id),
        {"Content-Type": "application/json"},
        {"stage": stage},
        json.dumps(body).encode(),
        accepted_statuses=_STORED,
    )
    return answer.mapping()


def read(world_id: str, resource: Resource, stage: str, version: str | None = None) -> Steps[dict[str, Any]]:
    """Request the registration that is in force, or a stored version of an exit policy."""
    params = {"stage": stage, "version": version}
    answer = yield Call("GET", world_path(resource.read, world_id), params=params)
    return answer.mapping()


def delete(world_id: str, resource: Resource, stage: str) -> Steps[None]:
    """Remove a registration; a missing one is not an error."""
    path = world_path(resource.delete, world_id)
    yield Call("DELETE", path, params={"stage": stage}, accepted_statuses=_DELETED)


def _parse_worlds_page(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    worlds = [dict(world) for world in document["worlds"]]
    return {**document, "worlds": worlds, "next_cursor": document["next_cursor"]}
