"""Replays by the deployed relay, which uses the same code that announced first, and requests for them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from infra import names
from infra.recovery.failed_keys import REPORT_KEY, VERSION_KEY, Key
from infra.recovery.invocation import invoke

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
        return invoke(
            self._lambda,
            self._name,
            {"replay": request},
            failed="could not announce",
            refused="The request was refused: {}",
        )


def replay_requests(keys: Sequence[Key], most: int) -> Iterator[dict[str, Any]]:
    """Yield the relay's requests for these records: one world and kind each, at most `most` records."""
    for (world, attribute), group in groupby(sorted(keys), key=lambda key: (key.world_id, key.attribute)):
        values = [key.value for key in group]
        for start in range(0, len(values), most):
            yield {"world_id": world, REQUEST_FIELDS[attribute]: values[start : start + most]}
