"""INV-12: for every alarm on the hub's own metrics, a function's own code writes that metric with those dimensions."""

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args
from unittest.mock import patch

import pytest

from events.envelope import CloudEvent
from functions.anchor_keeper.run_metrics import report as report_of_keeper
from functions.announcing.relay_records import RelayResult
from functions.entrypoints.http.router import Router
from functions.entrypoints.queue import queue_worker
from functions.evaluation.rollout.verdict_metrics import write_verdicts
from functions.evaluation.worker_steps import Outcome
from functions.event_relay.batch_metrics import report as announced
from functions.freshness_monitor.pass_metrics import report, write_token_end_metric
from functions.history.move_worlds import MoveRun
from functions.history.reconcile_worlds import ReconcileRun
from functions.hub.domain.freshness import tally
from functions.hub.ports import BlobError, Dependency, DependencyUnavailableError
from functions.hub.use_cases.watch_freshness import FreshnessPass
from functions.snapshot_mover.run_metrics import report as report_of_mover
from functions.telemetry.health import ReportTally
from infra.cdk.alarms.table import alarm_rules
from infra.environments import ENVIRONMENTS
from infra.functions import WORKER_EVENTS
from infra.local.emf_bridge import emf_document, metric_data
from infra.names import STAGE_ALLOW_LIST, FunctionFolder, metrics_namespace
from risk_hub_contracts.base.problems import PROBLEMS, ProblemError
from risk_hub_contracts.base.tokens import Token
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.policies.evaluation_policy import Stage
from risk_hub_contracts.reports.risk import RiskStatus
from risk_hub_contracts.runs.decision import Decision
from tests.fakes.clock import FrozenClock
from tests.fakes.cold_start import cold_start
from tests.fakes.gateway import proxy_event
from tests.fakes.hub import Hub, book, post
from tests.fakes.memory_ports import STAGES as DATA_STAGES
from tests.fakes.template_variables import template_variables
from tools.event_samples.emitted import queue_message

DECISION = Decision(decided_by="hub", rollout_sequence=1, status="pass", selected=True, agrees=False)
ROOT = Path(__file__).parents[2]
NAMESPACE = metrics_namespace("prod")
SERVED = [slug for slug, problem in PROBLEMS.items() if problem.status in {401, 403, 409, 422, 507}]

Emitted = set[tuple[str, str, frozenset[tuple[str, str]]]]


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Emitted:
    """Everything written by the functions' own handlers, with the deployment's allow list of stages."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "tests")
    report(FreshnessPass(0, tally([], DATA_STAGES), [], []))
    write_token_end_metric([ending_token()], datetime.now(tz=UTC))
    for worker, stage, status in itertools.product(WORKER_EVENTS, DATA_STAGES, get_args(RiskStatus)):
        ReportTally(worker, DATA_STAGES)(sample_event(), stage, status)
    report_of_mover(MoveRun(0, 0, timedelta(0), []), ReconcileRun(0, [], timedelta(0), []))
    report_of_keeper([])
    announced([], RelayResult(announced=1, isolated=0), datetime.now(tz=UTC))
    for stage in DATA_STAGES:
        publish_twice(stage)
    for decided_stage in get_args(Stage):
        write_verdicts(decided_stage, [DECISION])
    for handler in failing_routers():
        answer = handler(
            proxy_event("GET", "/risk-hub/health", [], None), SimpleNamespace(aws_request_id="r")
        )
        assert answer["statusCode"] >= 400
    for worker in WORKER_EVENTS:
        for stage in DATA_STAGES:
            work(worker, stage)
    return set(series(capsys.readouterr().out))


def series(printed: str) -> Iterator[tuple[str, str, frozenset[tuple[str, str]]]]:
    for document in filter(None, map(emf_document, printed.splitlines())):
        for namespace, entries in metric_data(document).items():
            for entry in entries:
                pairs = frozenset((each["Name"], each["Value"]) for each in entry["Dimensions"])
                yield namespace, entry["MetricName"], pairs


def ending_token() -> Token:
    return Token(
        id="t1",
        sha256="a" * 64,
        scopes=["snapshots:read"],
        actors=["*"],
        not_after=datetime.now(tz=UTC) + timedelta(days=1),
    )


def sample_event() -> CloudEvent:
    text = (ROOT / "events" / "samples" / "risk_snapshot_updated.json").read_text(encoding="utf-8")
    return CloudEvent.model_validate_json(text)


def publish_twice(stage: str) -> None:
    hub = Hub()
    hub.snapshots.gigabytes["w1"] = 1.0
    api = hub.gateway()
    for _ in range(2):
        assert post(api, book(), headers={"X-Stage": stage}).status in {200, 201}


def failing_routers() -> Iterator[Router]:
    reference = BlobRef(ref="s3://b/risk-blobs/w1/x", sha256="a" * 64, bytes=1, kind="covariance")
    for error in (
        *(ProblemError(PROBLEMS[slug], "for a test") for slug in SERVED),
        BlobError(reference, "for a test"),
        DependencyUnavailableError(Dependency.BLOB_STORE, "slow"),
    ):
        yield failing(error)


def failing(error: Exception) -> Router:
    def fail(*_: object) -> Any:
        raise error

    handler = Router()
    handler.add("read_health", fail)
    return handler


def work(worker: Any, stage: str) -> None:
    event = sample_event()
    provenance = {**event.data["provenance"], "stage": stage}
    event = event.model_copy(update={"data": {**event.data, "provenance": provenance}})
    context = SimpleNamespace(aws_request_id="r")
    for outcome in (Outcome.EXPIRED, ValueError("for a test")):
        queue_worker(worker, answering(outcome), FrozenClock(datetime.now(tz=UTC)), DATA_STAGES)(
            queue_message(event, worker), context
        )


def answering(outcome: Outcome | Exception) -> Any:
    def worked(_: CloudEvent) -> Outcome:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return worked


def test_inv12_every_alarmed_hub_metric_is_emitted_by_a_function_with_its_dimensions(
    emitted: Emitted,
) -> None:
    watched = {
        (metric.namespace, metric.name, frozenset(metric.dimensions.items())): rule.name
        for rule in alarm_rules(ENVIRONMENTS["prod"])
        for metric in rule.metrics.values()
        if metric.namespace == NAMESPACE
    }
    assert watched
    assert {watched[each] for each in watched if each not in emitted} == set()


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_every_worker_handler_receives_the_allowed_stages_for_metrics(worker: FunctionFolder) -> None:
    variables = template_variables(worker)
    with (
        patch.dict(os.environ, variables, clear=True),
        patch("functions.entrypoints.queue.queue_worker") as made,
    ):
        cold_start(worker)
    assert made.call_args.kwargs["stages"] == frozenset(variables[STAGE_ALLOW_LIST].split(","))
