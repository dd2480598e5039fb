"""Replays by the deployed relay, which uses the same code that announced first."""

import json
from collections.abc import Mapping
from typing import Any

from infra import names
from infra.recovery.errors import OperateError, RefusedRequestError


class Relay:
    """Direct invocations of a stage's event_relay."""

    def __init__(self, lambda_: Any, stage: str) -> None:  # noqa: ANN401 - boto3 client
        self._lambda = lambda_
        self._name = names.physical_name(stage, "event_relay")

    def replay(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the relay's result of one replay.

        Raises:
            RefusedRequestError: the request is wrong, such as a cursor of another period; nothing was announced.
            OperateError: the relay failed; records that it announced before may be announced again.
        """
        payload = json.dumps({"replay": request}).encode()
        answer = self._lambda.invoke(FunctionName=self._name, Payload=payload)
        document: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            reason = document.get("errorMessage", document)
            raise OperateError(f"{self._name} could not announce: {reason}. Its log says more.")
        if "refused" in document:
            raise RefusedRequestError(f"The request was refused: {document['refused']}")
        return document
