"""The rollout as steps: whose verdict decides in each stage of a world, and the history of the changes."""

import json
from typing import Any, Final

from risk_hub_client.reads import Steps, next_cursor, world_path
from risk_hub_client.wire import Call
from risk_hub_contracts.base.limits import LIST_LIMIT_MAX

__all__ = ["changes_page", "flags", "roll_back", "set_decider"]

_WRITTEN: Final = frozenset({200, 201})
_JSON: Final = {"Content-Type": "application/json"}


def set_decider(world_id: str, stage: str, decider: str, reason: str) -> Steps[dict[str, Any]]:
    """Say whose verdict decides in a stage."""
    return _change("PUT", "set_rollout", world_id, {"stage": stage, "decider": decider, "reason": reason})


def roll_back(world_id: str, stage: str, reason: str) -> Steps[dict[str, Any]]:
    """Undo the last change of a stage."""
    return _change("POST", "roll_back", world_id, {"stage": stage, "reason": reason})


def flags(world_id: str) -> Steps[dict[str, Any]]:
    """Request the flags in force."""
    answer = yield Call("GET", world_path("read_rollout", world_id))
    return answer.mapping()


def changes_page(world_id: str, cursor: str | None) -> Steps[dict[str, Any]]:
    """Request one page of the changes of a world, newest first."""
    params = {"limit": str(LIST_LIMIT_MAX), "cursor": cursor}
    answer = yield Call("GET", world_path("list_rollout_changes", world_id), params=params)
    found = answer.read(_parse_changes)
    return found | {"next_cursor": next_cursor(cursor, found["next_cursor"], answer)}


def _change(method: str, operation_id: str, world_id: str, body: dict[str, str]) -> Steps[dict[str, Any]]:
    path = world_path(operation_id, world_id)
    answer = yield Call(method, path, _JSON, body=json.dumps(body).encode(), accepted_statuses=_WRITTEN)
    return answer.mapping()


def _parse_changes(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    changes = [dict(each) for each in document["changes"]]
    return {"changes": changes, "next_cursor": document["next_cursor"]}
