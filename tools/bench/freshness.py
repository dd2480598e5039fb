"""Benchmark of the monitor: one minute's pass over 5,000 worlds, with botocore doing all of its work."""

import contextlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from functions.freshness_monitor.pass_metrics import run_pass
from functions.hub.adapters.aws import CONFIG
from functions.hub.adapters.dynamodb_registry import ROW_ATTRIBUTES, DynamoDBRegistry
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.adapters.sqs_queue_depths import SQSQueueDepths
from functions.hub.use_cases.watch_freshness import WatchFreshness
from infra.environments import ENVIRONMENTS
from infra.functions import WORKER_EVENTS
from infra.names import metrics_namespace
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY
from risk_hub_contracts.worlds.expectation import Expectation
from tools.bench.lines import Line, best_ms
from tools.bench.stub import Wire

WORLDS = 5_000
SCAN_PAGE_BYTES = 1_048_576
QUEUES = 2 * len(WORKER_EVENTS) + 1
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
BUDGET_SECONDS = 10


def freshness_lines() -> Iterator[Line]:
    """Measure one pass over rows that carry head, expectation and exit policy."""
    pages = scan_pages([row(number) for number in range(WORLDS)])
    wire = StubWire(pages)
    watch, queues, tokens = monitor(wire)
    with contextlib.redirect_stdout(io.StringIO()) as written:
        passed_ms = best_ms(lambda: run_pass(watch, queues, tokens), rounds=5)
    # The list of tokens is read once a minute; all five rounds are in one minute.
    calls = len(pages) + QUEUES
    metrics = written.getvalue().count('"_aws"') // 5
    floor_ms = best_ms(lambda: [json.loads(page) for page in pages], rounds=5)
    yield Line(
        f"freshness_monitor, one minute's pass over {WORLDS:,} worlds",
        f"{passed_ms:.0f} ms, {calls} calls ({len(pages)} scans, {QUEUES} queues), {metrics} metric lines",
        f"json.loads of the scanned items: {floor_ms:.0f} ms",
        f"≤ {BUDGET_SECONDS} s of the 50 s timeout; ≤ 20 calls",
        passed_ms <= BUDGET_SECONDS * 1000 and calls <= 20 and (wire.calls - 1) % calls == 0,
    )


class StubWire:
    """Answer scans with the pages in turn, every queue with its depth, and the secret with an empty list."""

    def __init__(self, pages: Sequence[bytes]) -> None:
        self._pages, self._next, self.calls = pages, 0, 0

    def __call__(self, request: Any, event_name: str, **_: Any) -> Any:
        self.calls += 1
        if event_name.endswith("GetQueueAttributes"):
            content = b'{"Attributes": {"ApproximateNumberOfMessages": "0"}}'
        elif event_name.endswith("GetSecretValue"):
            content = json.dumps({"SecretString": '{"tokens": []}'}).encode()
        else:
            content = self._pages[self._next % len(self._pages)]
            self._next += 1
        return AWSResponse(request.url, 200, HTTPHeaders(), Wire(content))


def monitor(wire: StubWire) -> tuple[WatchFreshness, SQSQueueDepths, SecretTokens]:
    """Return the monitor's dependencies, on clients whose wire answers immediately."""
    os.environ["POWERTOOLS_METRICS_NAMESPACE"] = metrics_namespace("local")
    clients = {name: client(name, wire) for name in ("dynamodb", "sqs", "secretsmanager")}
    urls = [f"https://sqs.us-east-1.amazonaws.com/000000000000/queue-{number}" for number in range(QUEUES)]
    registry = DynamoDBRegistry(clients["dynamodb"], "worlds")
    stages = frozenset(ENVIRONMENTS["local"].stage_allow_list)
    tokens = SecretTokens(clients["secretsmanager"], "tokens", lambda: NOW)
    return WatchFreshness(registry, lambda: NOW, stages), SQSQueueDepths(clients["sqs"], urls), tokens


def client(service: str, wire: StubWire) -> Any:
    """Return a botocore client of one service."""
    session = botocore.session.get_session()
    session.set_credentials("bench", "bench")
    made = session.create_client(service, "us-east-1", config=CONFIG)
    made.meta.events.register("before-send", wire)
    return made


def row(number: int) -> dict[str, Any]:
    """Return a row as stored in the table; every tenth world is late, every hundredth never published."""
    as_of = NOW - timedelta(seconds=900 if number % 10 == 0 else 60)
    head = {
        "head_order": f"{format_instant(as_of)}|{format_instant(as_of)}|v1",
        "head_version": "rebalance-2026-01-05T11:59:00Z",
        "head_as_of": format_instant(as_of),
        "head_created_at": format_instant(as_of),
        "head_expires_at": format_instant(as_of + timedelta(seconds=900)),
        "head_hash": f"sha256:{number:064x}",
    }
    texts = {
        "world_id": f"world-{number:05}",
        "stage": "paper",
        "expectation": Expectation(owner="desk-a").model_dump_json(by_alias=True),
        "expectation_since": "2025-01-01T00:00:00.000000Z",
        "exit_policy": DEFAULT_POLICY.model_dump_json(),
        **({} if number % 100 == 1 else head),
    }
    return {name: {"S": text} for name, text in texts.items()}


def scan_pages(rows: Sequence[dict[str, Any]]) -> list[bytes]:
    """Return the answers of a scan: a page ends at a megabyte of whole rows, even for a few attributes."""
    pages: list[list[dict[str, Any]]] = [[]]
    size_bytes = 0
    for each in rows:
        row_bytes = sum(len(name) + len(value["S"].encode()) for name, value in each.items())
        if size_bytes + row_bytes > SCAN_PAGE_BYTES:
            pages.append([])
            size_bytes = 0
        pages[-1].append(each)
        size_bytes += row_bytes
    return [_answer(page, last=page is pages[-1]) for page in pages]


def _answer(page: Sequence[dict[str, Any]], *, last: bool) -> bytes:
    shown = [
        {name: value for name, value in each.items() if name in ROW_ATTRIBUTES.values()} for each in page
    ]
    key = {name: page[-1][name] for name in ("world_id", "stage")}
    return json.dumps({"Items": shown, **({} if last else {"LastEvaluatedKey": key})}).encode()
