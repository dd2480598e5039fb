"""Wrapper of a deployed handler: its AWS calls fail at random, and its process dies at random.

Shipped into a function's code zip by `tools.faults.install`; imports no project code except the handler
itself.
"""

import importlib
import json
import os
import random
from pathlib import Path
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

RATES: dict[str, dict[str, float]] = json.loads(os.environ["FAULTY_RATES"])
LOG = Path(os.environ["FAULTY_LOG"])
FUNCTION = os.environ["FAULTY_HANDLER"].split(".")[1]
# Effects for this world are never stored: its messages must end as dead letters, and be redriven from there.
REFUSED_WORLD = os.environ.get("FAULTY_WORLD", "")
RANDOM = random.SystemRandom()
KILLED_EXIT_CODE = 137


class Raw:
    """A body in the form that botocore reads."""

    def __init__(self, content: bytes) -> None:
        """Hold the bytes."""
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        """Return the bytes."""
        return [self._content]


def occurs(operation: str, fault: str) -> bool:
    """Decide whether the fault happens now, and record it if it does."""
    if RANDOM.random() >= RATES.get(operation, {}).get(fault, 0.0):
        return False
    log_fault(operation, fault)
    return True


def log_fault(operation: str, fault: str) -> None:
    """Record the fault."""
    with LOG.open("a") as log:
        log.write(f"{FUNCTION}: {operation} {fault}\n")


def answer(url: str, status: int, document: dict[str, Any]) -> AWSResponse:
    """Return an AWS answer with this status and JSON document, in the form that botocore reads."""
    headers = HTTPHeaders()
    headers["content-type"] = "application/x-amz-json-1.1"
    return AWSResponse(url, status, headers, Raw(json.dumps(document).encode()))


def before_send(request: Any, event_name: str, **_: Any) -> Any:
    """Fail before the service receives anything."""
    operation = event_name.rpartition(".")[2]
    if REFUSED_WORLD and operation == "PutItem" and REFUSED_WORLD.encode() in request.body:
        log_fault(operation, "refused for one world")
        return answer(request.url, 400, {"__type": "ValidationException", "message": "injected"})
    if occurs(operation, "killed before"):
        os._exit(KILLED_EXIT_CODE)
    if occurs(operation, "timed out"):
        raise ReadTimeoutError(endpoint_url=request.url)
    if occurs(operation, "throttled"):
        return answer(request.url, 400, {"__type": "ThrottlingException", "message": "injected"})
    if operation == "PutEvents" and occurs(operation, "refused"):
        entries = json.loads(request.body)["Entries"]
        refused = [{"ErrorCode": "InternalFailure", "ErrorMessage": "injected"} for _ in entries]
        return answer(request.url, 200, {"FailedEntryCount": len(refused), "Entries": refused})
    return None


def response_received(event_name: str, **_: Any) -> None:
    """Fail after the service did its work: the effect exists, the answer is lost."""
    operation = event_name.rpartition(".")[2]
    if occurs(operation, "killed after"):
        os._exit(KILLED_EXIT_CODE)
    if occurs(operation, "answer lost"):
        raise ReadTimeoutError(endpoint_url="injected")


_create_client = botocore.session.Session.create_client


def create_client(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Create the client, and install the faults in it."""
    client = _create_client(self, *args, **kwargs)
    client.meta.events.register("before-send", before_send)
    client.meta.events.register("response-received", response_received)
    return client


setattr(botocore.session.Session, "create_client", create_client)  # noqa: B010  (a method is replaced on purpose)
handler = importlib.import_module(os.environ["FAULTY_HANDLER"]).lambda_handler
