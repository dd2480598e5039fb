"""Direct invocation of a deployed function for an operator's request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from infra.recovery.errors import OperateError, RefusedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient


def invoke(
    client: LambdaClient, function: str, request: Mapping[str, Any], *, failed: str, refused: str
) -> dict[str, Any]:
    """Return the answer of a function.

    Args:
        client: the client of the stage.
        function: the physical name of the function.
        request: the event.
        failed: what the function could not do, for the error text.
        refused: the error text of a refusal; `{}` stands for its reason.

    Raises:
        RefusedRequestError: the function refused the request.
        OperateError: the function failed.
    """
    answer = client.invoke(FunctionName=function, Payload=json.dumps(request).encode())
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        reason = document.get("errorMessage", document)
        raise OperateError(f"{function} {failed}: {reason}. See its log.")
    if "refused" in document:
        raise RefusedRequestError(refused.format(document["refused"]))
    return document
