"""Evaluation of strategies as steps."""

import json
from collections.abc import Mapping
from typing import Any, Final

from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.reads import Steps, world_path
from risk_hub_client.wire import Call
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.evaluations.request import parse_evaluation_document

__all__ = ["evaluate"]

_WRITTEN: Final = frozenset({200, 201})
_JSON: Final = {"Content-Type": "application/json"}


def evaluate(world_id: str, request: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """Evaluate strategies; the same request again answers the stored runs.

    Raises:
        InvalidSnapshotError: the request violates the contract, so it is not sent.
    """
    try:
        parse_evaluation_document(dict(request))
    except ProblemError as problem:
        raise InvalidSnapshotError.of(problem) from None
    body = json.dumps(request).encode()
    path = world_path("evaluate_strategies", world_id)
    answer = yield Call("POST", path, _JSON, body=body, accepted_statuses=_WRITTEN)
    return answer.mapping()
