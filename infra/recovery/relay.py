"""Replays by the deployed relay, which uses the same code that announced first, and requests for them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from infra import names
from infra.recovery.errors import OperateError, RefusedRequestError
from infra.recovery.failed_keys import REPORT_KEY, VERSION_KEY, Key

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

REQUEST_MAX_RECORDS: Final = 100
REQUEST_FIELDS: Final = {VERSION_KEY: "versions", REPORT_KEY: "evaluations"}


class Relay:
    """Direct invocations of a stage's event_relay."""

    def __init__(self, lambda_: "LambdaClient", stage: str) -> None:
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
        if answer.get("FunctionError"):
            reason = document.get("errorMessage", document)
            raise OperateError(f"{self._name} could not announce: {reason}. See its log.")
        if "refused" in document:
            raise RefusedRequestError(f"The request was refused: {document['refused']}")
        return document


def replay_requests(keys: Sequence[Key], most: int) -> Iterator[dict[str, Any]]:
    """Yield the relay's requests for these records: one world and kind each, at most `most` records."""
    for (world, attribute), group in groupby(sorted(keys), key=lambda key: (key.world_id, key.attribute)):
        values = [key.value for key in group]
        for start in range(0, len(values), most):
            yield {"world_id": world, REQUEST_FIELDS[attribute]: values[start : start + most]}
