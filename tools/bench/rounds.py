"""Repeated measurements: one POST, one GET, and the floor of a POST, each on the stub."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.bench import stub

Round = Callable[[], Any]
PATH = "/risk-hub/worlds/w1/snapshots"


def book(count: int) -> dict[str, Any]:
    """Return a body with `count` equal weights."""
    weights = {f"ASSET{i:04}": 1 / count for i in range(count)}
    return {"as_of": "2026-01-05T11:59:00Z", "version": "v1", "weights": weights}


def event(method: str, path: str, body: str | None = None) -> dict[str, Any]:
    """Return the proxy event of a request."""
    headers = {"Authorization": f"Bearer {stub.TOKEN}"}
    if body is not None:
        headers |= {"Content-Type": "application/json", "X-Actor": "gateway", "X-Stage": "paper"}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"requestId": "r", "stage": "v1"},
        "body": body,
        "isBase64Encoded": False,
    }


def floor() -> Round:
    """Return the floor of a POST: pydantic and boto3 as installed, and one put of an equally large item."""
    stub.install()
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


def post() -> Round:
    """Return a whole POST of 20 weights: the deployed handler."""
    stub.install()
    from functions.snapshot_writer.handler import lambda_handler  # noqa: PLC0415

    request = event("POST", PATH, json.dumps(book(20)))
    return lambda: _expect(lambda_handler(request, None), 201)


def latest() -> Round:
    """Return a whole GET of the latest snapshot of 20 weights: the deployed handler."""
    stub.install({"Query": json.dumps({"Items": [stored_item()]}).encode()})
    from functions.snapshot_reader.handler import lambda_handler  # noqa: PLC0415

    request = event("GET", f"{PATH}/latest")
    return lambda: _expect(lambda_handler(request, None), 200)


def message() -> Round:
    """Return a whole worker batch whose one message is unreadable: it returns to the queue."""
    stub.install()
    from functions.stress_engine.handler import lambda_handler  # noqa: PLC0415

    record = {
        "messageId": "m1",
        "body": json.dumps({"detail": {"no": "event"}}),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1767614400000"},
    }

    def once() -> Any:
        reply = lambda_handler({"Records": [record]}, None)
        if reply != {"batchItemFailures": [{"itemIdentifier": "m1"}]}:
            raise RuntimeError(reply)
        return reply

    return once


def stored_item() -> dict[str, Any]:
    """Return the item of a fresh snapshot as DynamoDB's wire has it."""
    from functions.hub.adapters.snapshot_item import compress, to_item  # noqa: PLC0415
    from functions.hub.domain.snapshot_record import accept  # noqa: PLC0415
    from risk_hub_contracts.snapshot.parse import parse_snapshot  # noqa: PLC0415

    now = datetime.now(UTC)
    raw = json.dumps({**book(20), "as_of": now.isoformat(), "ttl_sec": 86_400}).encode()
    snapshot = parse_snapshot(raw, world_id="w1", actor="gateway", stage="paper", now=now)
    body, size = compress(snapshot.to_document())
    item = to_item(
        accept(snapshot, now, None, None).sized(size), {"body": {"B": body}}, now + timedelta(days=30)
    )
    return {name: _on_the_wire(value) for name, value in item.items()}


def _on_the_wire(value: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute's value as the JSON of DynamoDB has it: a binary as base64 text."""
    return {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value


def _expect(answer: dict[str, Any], status: int) -> dict[str, Any]:
    if answer["statusCode"] != status:
        raise RuntimeError(answer["body"])
    return answer


ROUNDS: dict[str, Callable[[], Round]] = {"floor": floor, "post": post, "latest": latest, "message": message}
