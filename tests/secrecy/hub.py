"""Every handler in normal operation and under faults, with secrets that can be recognised in any output.

`python -m tests.secrecy.hub FILE` writes to stdout and stderr what the functions write to their logs, and to
FILE the results: the secrets, the answers, everything that was stored or sent.
"""

import base64
import hashlib
import importlib
import json
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import EndpointConnectionError

from events.envelope import CloudEvent
from infra.functions import WORKER_EVENTS
from infra.tokens.issue import SCOPES_OF_RELEASE_1_0, new_token
from risk_hub_contracts.api.openapi.examples import EVALUATION, POLICY
from tests.fakes.answer_validation import validate_proxy_answer
from tests.fakes.deployed import CONTEXT, QUEUES, deployed
from tests.fakes.gateway import proxy_event
from tools.cost.calls import Meter, metered
from tools.cost.snapshot_flow import stream_record
from tools.event_samples.emitted import queue_message

TOKEN, UNKNOWN_TOKEN = new_token(), new_token()
KEY = base64.b64encode(secrets.token_bytes(30)).decode()
SESSION = base64.b64encode(secrets.token_bytes(60)).decode()
SIGNATURE = secrets.token_hex(32)
WORLD = "/risk-hub/worlds/w1"
SNAPSHOTS, BLOBS = f"{WORLD}/snapshots", f"{WORLD}/blobs"
POLICIES, RUNS = "/risk-hub/policies", f"{WORLD}/evaluation-runs"
STAGED = ("expectations?stage=paper", "exit-policy?stage=paper")
SHA256 = hashlib.sha256(b"blob").hexdigest()
SIGNED_URL = f"https://blobs.s3.amazonaws.com/risk-blobs/w1/{SHA256}?X-Amz-Signature={SIGNATURE}"
# Lambda writes the traceback of a handler that raises.
RAISING = ("anchor_keeper", "event_relay", "freshness_monitor", "blob_reaper", "snapshot_mover")

called: set[str] = set()

Fault = Callable[[], Exception]
FAULTS: Mapping[str, Fault] = {
    "refused": lambda: RuntimeError("a fault of the hub itself"),
    "unreached": lambda: EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com/"),
}


def body(version: str = "v1", **changes: Any) -> dict[str, Any]:
    """Return a book that gives work to every worker."""
    return {
        "version": version,
        "as_of": (datetime.now(UTC) - timedelta(seconds=1)).isoformat().replace("+00:00", "Z"),
        "weights": {"AAPL": 0.6, "MSFT": 0.4},
        "covariance": {"ids": ["AAPL", "MSFT"], "upper": [0.04, 0.02, 0.03]},
        "stress": {"crash": {"shocks": {}, "default": -0.5}},
        **changes,
    }


def blob(sha256: str = SHA256) -> dict[str, Any]:
    """Return the announcement of an upload."""
    return {"sha256": sha256, "bytes": 4, "kind": "covariance"}


REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("POST", SNAPSHOTS, body()),
    ("POST", SNAPSHOTS, body(weights={"AAPL": 1})),
    ("POST", SNAPSHOTS, body("v2", covariance_ref=SIGNED_URL, covariance=None)),
    ("POST", SNAPSHOTS, body("v3", covariance_ref={**blob(), "ref": SIGNED_URL}, covariance=None)),
    ("POST", SNAPSHOTS, body("v4", provenance={"actor": "another"})),
    ("POST", SNAPSHOTS, {}),
    ("GET", SNAPSHOTS, None),
    ("GET", f"{SNAPSHOTS}/latest", None),
    ("GET", f"{SNAPSHOTS}/latest?expand=covariance", None),
    ("GET", f"{SNAPSHOTS}/lookup?version=v1", None),
    *(
        ("GET", f"{SNAPSHOTS}/{named}/{kind}", None)
        for named in ("v1", "latest")
        for kind in ("risk", "stress")
    ),
    ("GET", f"{WORLD}/exit-signals", None),
    ("GET", f"{WORLD}/risk/backtest?stage=paper", None),
    ("GET", f"{WORLD}/history", None),
    ("GET", f"{WORLD}/history/hot", None),
    ("POST", BLOBS, blob()),
    ("POST", BLOBS, blob("d" * 64)),
    ("POST", BLOBS, {**blob("b" * 64), "bytes": 200_000_000, "parts": ["c" * 64] * 12}),
    ("POST", BLOBS, {**blob("b" * 64), "bytes": 200_000_000}),
    ("POST", f"{BLOBS}/{SHA256}/complete", {"upload_id": SIGNATURE, "bytes": 4, "kind": "covariance"}),
    ("POST", f"{BLOBS}/{SHA256}/abort", {"upload_id": SIGNATURE, "bytes": 4, "kind": "covariance"}),
    ("GET", f"{BLOBS}/{SHA256}", None),
    ("GET", "/risk-hub/worlds", None),
    *((verb, f"{WORLD}/{staged}", {}) for staged in STAGED for verb in ("PUT", "GET", "DELETE")),
    ("PUT", f"{POLICIES}/us-core/versions/{POLICY['version']}", POLICY),
    ("PUT", f"{POLICIES}/us-core/versions/1", POLICY),
    ("GET", f"{POLICIES}/us-core/versions/{POLICY['version']}", None),
    ("GET", POLICIES, None),
    (
        "PUT",
        f"{WORLD}/policy",
        {"policy_id": "us-core", "version": POLICY["version"], "reason": "first policy"},
    ),
    *(("GET", f"{WORLD}/policy{part}", None) for part in ("", "/history")),
    ("POST", f"{WORLD}/evaluate", EVALUATION),
    ("GET", RUNS, None),
    *(("GET", f"{RUNS}/e1{part}?strategy_id=AAPL", None) for part in ("", "/history")),
    ("PUT", f"{WORLD}/rollout", {"stage": "backtest", "decider": "hub", "reason": "first change"}),
    ("POST", f"{WORLD}/rollout/rollback", {"stage": "backtest", "reason": "the verdicts differ"}),
    *(("GET", f"{WORLD}/rollout{part}", None) for part in ("", "/history")),
    ("GET", "/risk-hub/contract", None),
    ("GET", "/risk-hub/health", None),
    ("GET", "/risk-hub/nothing", None),
    ("GET", f"{SNAPSHOTS}/latest?token={TOKEN}", None),
)
AUTHORIZATIONS: tuple[list[str], ...] = (
    [f"Bearer {TOKEN}"],
    [f"Bearer {UNKNOWN_TOKEN}"],
    [f"Basic {UNKNOWN_TOKEN}"],
    [f"Bearer {TOKEN}", f"Bearer {UNKNOWN_TOKEN}"],
    [f"bearer: {TOKEN}"],
    [],
)


def main(file: Path) -> None:
    """Exercise all handlers and write the results."""
    marked = {"AWS_SECRET_ACCESS_KEY": KEY, "AWS_SESSION_TOKEN": SESSION, "POWERTOOLS_LOG_LEVEL": "DEBUG"}
    scopes = (
        *SCOPES_OF_RELEASE_1_0,
        "evaluations:read",
        "evaluations:write",
        "policies:write",
        "governance:approve",
    )
    with deployed(TOKEN, scopes, **marked), metered() as meter:
        store_blob()
        answers = [answer for authorization in AUTHORIZATIONS for answer in ask_everything(authorization)]
        work(meter)
        for fault in FAULTS.values():
            with failing(fault):
                answers += ask_everything(AUTHORIZATIONS[0])
                work(meter)
        found = {"kept": list(kept()), "answers": answers, "functions": sorted(called)}
    known = {
        "token": TOKEN,
        "unknown token": UNKNOWN_TOKEN,
        "key": KEY,
        "session": SESSION,
        "signature": SIGNATURE,
    }
    file.write_text(json.dumps({"secrets": known, **found}, default=str), encoding="utf-8")


def store_blob() -> None:
    """Store a blob, so that a signed request can be issued for it."""
    digest = base64.b64encode(bytes.fromhex(SHA256)).decode()
    key, metadata = f"risk-blobs/w1/{SHA256}", {"kind": "covariance"}
    boto3.client("s3").put_object(
        Bucket="blobs", Key=key, Body=b"blob", ChecksumSHA256=digest, Metadata=metadata
    )


def ask_everything(authorization: list[str]) -> list[dict[str, Any]]:
    """Send every request to each handler that might serve it."""
    return [
        {"asked": [method, path.partition("?")[0]], **answer}
        for method, path, document in REQUESTS
        for answer in [ask(method, path, document, authorization)]
    ]


def ask(method: str, path: str, document: Any, authorization: list[str]) -> dict[str, Any]:
    """Return a handler's answer to one request."""
    headers = [("X-Actor", "gateway"), ("X-Stage", "paper"), ("Content-Type", "application/json")]
    given = [*headers, *(("Authorization", each) for each in authorization)]
    content = None if document is None else json.dumps(without_nothing(document)).encode()
    event = proxy_event(method, path, given, content)
    answer: dict[str, Any] = invoke(handler_name(method, path), event)
    validate_proxy_answer(event, answer)
    return answer


def without_nothing(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out None: the wire has no such value."""
    return {name: value for name, value in document.items() if value is not None}


def handler_name(method: str, path: str) -> str:
    """Return the function to which the API routes a request."""
    if any(part in path for part in ("/policies", f"{WORLD}/policy", RUNS, f"{WORLD}/rollout")):
        return "evaluation_registry"
    if path == f"{WORLD}/evaluate":
        return "evaluator"
    if "/worlds" in path and not any(part in path for part in ("snapshots", "blobs", "risk/backtest")):
        return "world_registry"
    return "snapshot_writer" if method == "POST" else "snapshot_reader"


def invoke(function: str, event: dict[str, Any]) -> Any:
    """Call a function's handler; write its exception as Lambda would write it."""
    called.add(function)
    handler = importlib.import_module(f"functions.{function}.handler").lambda_handler
    try:
        return handler(event, CONTEXT) or {}
    except Exception:
        if function not in RAISING:
            raise
        traceback.print_exc()
        return {}


def work(meter: Meter) -> None:
    """Let every function without an HTTP route process valid and invalid records."""
    items = boto3.client("dynamodb").scan(TableName="snapshots")["Items"] or [{}]
    meter.take()
    invoke(
        "event_relay", {"Records": [stream_record(_wire(items[0])), {"eventName": "INSERT", "dynamodb": {}}]}
    )
    for end in ("2100-01-01T00:00:00Z", "never"):
        period = {"world_id": "w1", "from": "2020-01-01T00:00:00Z", "to": end}
        invoke("event_relay", {"replay": period})
    sent = [CloudEvent.model_validate_json(e["Detail"]) for call in meter.take() for e in call.events]
    for worker in WORKER_EVENTS:
        for event in sent:
            invoke(worker, queue_message(event, worker))
    invoke("freshness_monitor", {})
    invoke("blob_reaper", {})
    invoke("anchor_keeper", {})
    invoke("anchor_keeper", {"verify": {}})
    invoke("snapshot_mover", {})


def _wire(item: Any) -> Any:
    return {
        name: {kind: base64.b64encode(value).decode() if kind == "B" else value}
        for name, typed in item.items()
        for kind, value in typed.items()
    }


@contextmanager
def failing(fault: Fault) -> Iterator[None]:
    """Let every call to AWS fail, except for the list of tokens."""

    def fail(model: Any, **_: Any) -> None:
        if model.name != "GetSecretValue" and switched["on"]:
            raise fault()

    switched = {"on": True}
    for client in clients():
        client.meta.events.register_first("before-call.*.*", fail)
    try:
        yield
    finally:
        switched["on"] = False


def clients() -> list[Any]:
    """Return the clients that the functions have created in this process so far."""
    from functions.hub.adapters import aws  # noqa: PLC0415

    purposes = ("dynamodb", "s3", "s3 copying", "events", "sqs", "secretsmanager")
    return [aws._cached_client(purpose) for purpose in purposes]  # noqa: SLF001


def kept() -> Iterator[str]:
    """Yield everything stored in tables, bucket and queue."""
    for table in ("snapshots", "worlds", "evaluations", "marks", "segments", "policies", "evaluation_runs"):
        yield str(boto3.client("dynamodb").scan(TableName=table)["Items"])
    s3 = boto3.client("s3")
    for each in s3.list_objects_v2(Bucket="blobs").get("Contents", []):
        yield each["Key"] + str(s3.get_object(Bucket="blobs", Key=each["Key"])["Body"].read())
    messages = boto3.client("sqs").receive_message(QueueUrl=f"{QUEUES}/failures", MaxNumberOfMessages=10)
    yield str(messages.get("Messages"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
