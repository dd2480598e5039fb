"""Record the traffic between this tree's client and hub, and the stored records: the wire of a release."""

import base64
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import boto3

from events import risk_snapshot_updated
from functions.hub.adapters import body_store
from risk_hub_client import Patience, RiskHubClient
from tests.fakes.clock import FrozenClock
from tools.upgrades.deployed_hub import BUCKET, DeployedHub, Json, deployed_hub, records
from tools.upgrades.script import CLAIM_CHECKED, OFFLOADED, RAW_REQUESTS, READS, WRITES

STORE_METHOD = "STORE"
STORE_PATH = "/store/"
ONCE = Patience(attempts=1)
# Headers that identify the caller and its client; and the token, which the replay replaces.
DROPPED_HEADERS = frozenset(
    {
        "authorization",
        "host",
        "user-agent",
        "connection",
        "accept-encoding",
        "content-length",
        "transfer-encoding",
    }
)
SMALL_BYTES = 1
# Signed values for the blob store are valid for minutes and differ between requests.
SIGNED = re.compile(r'https://[^"]*X-Amz-[^"]*')
UNSIGNED = "https://signed.invalid/"


@dataclass
class Recording:
    """Requests and answers, in order.

    Attributes:
        exchanges: each with the hub's instant, the request and the answer.
        reads_from: how many exchanges precede those that only read.
        events: events announced meanwhile.
        records: the content of the stores before the reads.
    """

    exchanges: list[Json] = field(default_factory=list)
    reads_from: int = 0
    events: list[Json] = field(default_factory=list)
    records: Json = field(default_factory=dict)


def record() -> Recording:
    """Let this tree's client make every request of the script; discard the functions' logs."""
    clock, recording = FrozenClock(), Recording()
    with redirect_stdout(io.StringIO()), deployed_hub(clock) as hub, _serve(hub, recording) as url:
        with RiskHubClient(url, "any", actor="gateway", stage="paper", patience=ONCE) as client:
            for step in WRITES:
                step(client)
        recording.reads_from, recording.events = len(recording.exchanges), list(hub.events)
        recording.records = records()
        with RiskHubClient(url, "any", actor="gateway", stage="paper", patience=ONCE) as client:
            for step in READS:
                step(client)
        for method, path, body in RAW_REQUESTS:
            by_hand = {"X-Actor": "gateway", "X-Stage": "paper", "Content-Type": "application/json"}
            exchange(hub, recording, {"method": method, "path": path, "headers": by_hand, "body": body})
    return recording


def exchange(hub: DeployedHub, recording: Recording, request: Json) -> Json:
    """Send one request a second after the last one, record it with its answer, and return the answer."""
    at = hub.clock.advance(seconds=1)
    with _forced_forms(request.get("body") or ""):
        answer = send(hub, request)
    kept = answer | {"body": SIGNED.sub(UNSIGNED, answer["body"])}
    recording.exchanges.append({"at": at.isoformat(), "request": request, "answer": kept})
    return answer


def send(hub: DeployedHub, request: Json) -> Json:
    """Return the answer to a recorded request: from a handler, or from the blob store for a signed request."""
    body = request["body"]
    if request["method"] == STORE_METHOD:
        return _store(request)
    raw = None if body is None else body.encode()
    return answer_of(hub.send_request(request["method"], request["path"], request["headers"], raw))


def answer_of(reply: Json) -> Json:
    """Return the answer in a handler's reply."""
    headers = {name.lower(): values[0] for name, values in reply["multiValueHeaders"].items()}
    return {"status": reply["statusCode"], "headers": headers, "body": reply.get("body") or ""}


def _store(request: Json) -> Json:
    """Put a blob according to its signed request."""
    headers = request["headers"]
    boto3.client("s3").put_object(
        Bucket=BUCKET,
        Key=request["path"],
        Body=base64.b64decode(request["body"]),
        ChecksumSHA256=headers["x-amz-checksum-sha256"],
        ChecksumAlgorithm="SHA256",
        Metadata={"kind": headers["x-amz-meta-kind"]},
    )
    return {"status": 200, "headers": {}, "body": ""}


@contextmanager
def _forced_forms(body: str) -> Iterator[None]:
    """Give some snapshots the forms of large ones: a body in the bucket, an event that is a claim check."""
    offloaded = patch.object(body_store, "ITEM_BODY_MAX_BYTES", SMALL_BYTES)
    claimed = patch.object(risk_snapshot_updated, "EVENT_ENTRY_MAX_BYTES", SMALL_BYTES)
    if OFFLOADED in body:
        with offloaded:
            yield
    elif CLAIM_CHECKED in body:
        with claimed:
            yield
    else:
        yield


@contextmanager
def _serve(hub: DeployedHub, recording: Recording) -> Iterator[str]:
    """Serve the hub and its blob store on loopback, one request at a time; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in DROPPED_HEADERS
            }
            if self.path.startswith(STORE_PATH):
                self._to_store(sent, headers)
                return
            request = {
                "method": self.command,
                "path": self.path,
                "headers": headers,
                "body": sent.decode() or None,
            }
            answer = exchange(hub, recording, request)
            self._answer(
                answer["status"], answer["headers"], _redirect_urls(answer["body"], self.headers["Host"])
            )

        def _to_store(self, sent: bytes, headers: dict[str, str]) -> None:
            key = unquote(urlsplit(self.path).path.removeprefix(STORE_PATH))
            if self.command == "GET":
                found = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
                self._answer(200, {}, found)
                return
            lower = {name.lower(): value for name, value in headers.items()}
            body = base64.b64encode(sent).decode()
            exchange(hub, recording, {"method": STORE_METHOD, "path": key, "headers": lower, "body": body})
            self._answer(200, {}, b"")

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status not in {204, 304}:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - the library's names

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Discard the message."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _redirect_urls(body: str, host: str) -> bytes:
    """Redirect the hub's signed blob store URLs to this server."""
    return body.replace(f"https://{BUCKET}.s3.amazonaws.com/", f"http://{host}{STORE_PATH}").encode()
