"""What one fresh process does: `python -m tests.bench.cold hub|floor|warm` prints its figures as JSON."""

import json
import logging
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench import stub

WARM_ROUNDS = 400
KIB_PER_MB = 1000 / 1.024


def book(count: int) -> dict[str, Any]:
    """Return a body with `count` equal weights."""
    weights = {f"ASSET{i:04}": 1 / count for i in range(count)}
    return {"as_of": "2026-01-05T11:59:00Z", "version": "v1", "weights": weights}


def event(count: int = 20) -> dict[str, Any]:
    """Return the proxy event of a POST."""
    headers = {
        "Authorization": f"Bearer {stub.TOKEN}",
        "Content-Type": "application/json",
        "X-Actor": "gateway",
        "X-Stage": "paper",
    }
    return {
        "resource": "/risk-hub/worlds/{world_id}/snapshots",
        "path": "/risk-hub/worlds/w1/snapshots",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"requestId": "r", "stage": "v1"},
        "body": json.dumps(book(count)),
        "isBase64Encoded": False,
    }


def put() -> Callable[[], Any]:
    """Return the floor of a POST: pydantic and boto3 as installed, and one put of an item as wide as a snapshot's."""
    import boto3  # noqa: PLC0415
    from pydantic import BaseModel  # noqa: PLC0415

    class Body(BaseModel):
        as_of: str
        version: str
        weights: dict[str, float]

    client = boto3.client("dynamodb")
    text = json.dumps(book(20))
    item: dict[str, Any] = {f"attribute{i:02}": {"S": "x" * 40} for i in range(11)}
    item |= {f"number{i}": {"N": "900"} for i in range(3)}
    item |= {"body": {"B": b"x" * 400}}

    def once() -> Any:
        Body.model_validate_json(text)
        return client.put_item(
            TableName="snapshots",
            Item=item,
            ConditionExpression="attribute_not_exists(a)",
        )

    return once


def post() -> Callable[[], Any]:
    """Return the whole of a POST: the deployed handler."""
    from functions.snapshot_writer.handler import handler  # noqa: PLC0415

    request = event()

    def once() -> Any:
        answer = handler(request, None)
        if answer["statusCode"] != 201:
            raise RuntimeError(answer["body"])
        return answer

    return once


def main(kind: str) -> None:
    """Run once cold and then warm; print CPU seconds of the whole process, milliseconds a round, and memory."""
    stub.install()
    once = {"hub": post, "floor": put}[kind]()
    logging.disable(logging.CRITICAL)
    real_stdout, sys.stdout = sys.stdout, open("/dev/null", "w")  # noqa: PTH123, SIM115
    once()
    cold_seconds = time.process_time()
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MB
    rounds = []
    for _ in range(WARM_ROUNDS):
        start = time.perf_counter()
        once()
        rounds.append(time.perf_counter() - start)
    sys.stdout = real_stdout
    warm_ms = statistics.median(rounds) * 1000
    print(json.dumps({"cold_cpu_s": cold_seconds, "memory_mb": memory_mb, "warm_ms": warm_ms}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
