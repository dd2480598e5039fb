"""`RiskHubClient`: the blocking client."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, Unpack

import httpx2
import stamina

from risk_hub_client import (
    blob_transfers,
    evaluation_policies,
    evaluation_runs,
    evaluations,
    publishing,
    reads,
    registry,
    reports,
    rollout,
)
from risk_hub_client.base import ClientBase, SnapshotFields
from risk_hub_client.blob_transfers import Progress, ignore_progress
from risk_hub_client.deadlines import request_deadline
from risk_hub_client.errors import HubError
from risk_hub_client.evaluation_runs import RunFilters, RunName
from risk_hub_client.history.lines import period_bound
from risk_hub_client.history.snapshots import DEFAULT_COLUMNS, SnapshotHistory
from risk_hub_client.loading import load_blob
from risk_hub_client.reads import BacktestOptions, Filters, Instant, Span, Steps
from risk_hub_client.reports import ReportDocument, SignalSpan
from risk_hub_client.results import HubContract, Publication, StoredSnapshot
from risk_hub_client.retries import RETRYABLE_ERRORS, retry_options
from risk_hub_client.spool import Flushed
from risk_hub_client.transport import SEND_ERRORS, Exchange
from risk_hub_client.wire import PAUSED, Answer, Call, Pause, TransientError
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobKind, Decoded
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

__all__ = ["RiskHubClient"]

Result = TypeVar("Result")


class RiskHubClient(ClientBase):
    """A blocking client of the hub, for producers and consumers.

    Example:
        >>> with RiskHubClient(actor="gateway", stage="paper") as hub:  # doctest: +SKIP
        ...     hub.publish("us20", version="v1", as_of=as_of, weights={"AAPL": 0.6, "MSFT": 0.4})

    Every request is retried after 408, 429, 5xx other than 507 `world-full`, timeouts, broken connections and
    answers that are web pages; see `Patience`.
    """

    @cached_property
    def _http(self) -> httpx2.Client:
        # Imported here: it loads `httpcore2`, which commands without a request do not need.
        from risk_hub_client.blocking_transport import blocking_client  # noqa: PLC0415

        return blocking_client(self.settings)

    def __enter__(self) -> Self:
        """Open the connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def publish(
        self,
        world_id: str,
        document: Mapping[str, Any] | None = None,
        *,
        actor: str | None = None,
        stage: str | None = None,
        progress: Progress = ignore_progress,
        **fields: Unpack[SnapshotFields],
    ) -> Publication:
        """Publish a snapshot; repeating the call, in any process, changes nothing.

        Args:
            world_id: the world.
            document: a snapshot as the contract defines it; `fields` add to it or replace it.
            actor: the publishing actor; default: the client's.
            stage: the stage to publish under; default: the client's.
            progress: called while a large component is sent, with the bytes sent and the total.
            **fields: the fields of the contract. `weights`, `covariance` and `realized_returns` may be dicts, DataFrames
                of pandas or polars, or xarray DataArrays: assets are aligned by label and returns by date.
                `covariance` may also be an array with its ids (`(ids, array)`) or in the order of the weights, or a
                `FactorModel`; components may be blobs (bytes or a file), or references from `upload`. `as_of` is a
                datetime with a time zone.

        Returns:
            The outcome: created, replayed, or spooled if a spool is configured and the hub is unavailable.

        Raises:
            InvalidSnapshotError: the snapshot violates the contract; nothing was sent.
            ConflictError: the version is stored with other content.
            WorldFullError: the world has no space for a further snapshot; an operator must free space.
            RefusedError: the hub rejected it for another reason.
            StoreError: the blob store rejected a request that the hub signed.
            UnavailableError: no answer within the budget, and no spool.
            SpoolError: no answer, and the spool could not store it.
        """
        request = publishing.PublishRequest(
            world_id, {**(document or {}), **fields}, self._producer(actor, stage), progress
        )
        return self._run(publishing.publish(self.memory, self.spool, request))

    def flush(self) -> Flushed:
        """Deliver the spooled snapshots, oldest first; unreadable and rejected ones move to `refused/`.

        Raises:
            UnavailableError: the hub is unavailable; the rest stays, in order.
            DeniedError: the token is not accepted (401); the rest stays, in order.
            SpoolError: the folder cannot be used.
        """
        return Flushed((), ()) if self.spool is None else self._run(publishing.flush(self.spool))

    def latest(self, world_id: str, **filters: Unpack[Filters]) -> StoredSnapshot:
        """Return the newest snapshot that has not expired; an unchanged answer is not sent again (ETag)."""
        return self._run(reads.latest(self.memory, world_id, filters))

    def lookup(
        self,
        world_id: str,
        *,
        version: str | None = None,
        as_of: Instant | None = None,
        **filters: Unpack[Filters],
    ) -> StoredSnapshot:
        """Return one version, or the newest snapshot that is not later than `as_of`."""
        return self._run(reads.lookup(world_id, version, as_of, filters))

    def list(
        self,
        world_id: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        order: Literal["asc", "desc"] = "desc",
        **filters: Unpack[Filters],
    ) -> Iterator[StoredSnapshot]:
        """Yield a world's snapshots, newest first by default; pages are fetched as they are needed."""
        cursor, span = None, Span(start, end, order)
        while True:
            page = self._run(reads.page(world_id, span, filters, cursor))
            yield from page.snapshots
            cursor = page.next_cursor
            if cursor is None:
                return

    def history(
        self,
        world_id: str,
        start: Instant | date,
        end: Instant | date,
        *,
        columns: Sequence[str] = DEFAULT_COLUMNS,
    ) -> SnapshotHistory:
        """Return the snapshots of a period, oldest first, expired ones too: from the history and the hot table.

        Args:
            world_id: the world.
            start: the earliest `as_of`: an instant, or a day in UTC.
            end: the latest `as_of`, inclusive: an instant, or a day in UTC.
            columns: the columns of `to_pandas`.
        """
        first, last = period_bound(start, "start"), period_bound(end, "end", end=True)
        return SnapshotHistory(world_id, first, last, columns, self._run, self.memory.now)

    def risk(self, world_id: str, version: str) -> ReportDocument[RiskReport]:
        """Return the risk report on a version, as a JSON object and as a model."""
        return self._run(reports.report(RiskReport, world_id, version))

    def latest_risk(self, world_id: str, **filters: Unpack[Filters]) -> ReportDocument[RiskReport]:
        """Return the risk report on the newest snapshot that has not expired."""
        return self._run(reports.latest_report(RiskReport, world_id, filters))

    def stress(self, world_id: str, version: str) -> ReportDocument[StressReport]:
        """Return the stress report on a version, as a JSON object and as a model."""
        return self._run(reports.report(StressReport, world_id, version))

    def latest_stress(self, world_id: str, **filters: Unpack[Filters]) -> ReportDocument[StressReport]:
        """Return the stress report on the newest snapshot that has not expired."""
        return self._run(reports.latest_report(StressReport, world_id, filters))

    def exit_signals(
        self,
        world_id: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        stage: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> Iterator[ExitSignal]:
        """Yield a world's exit signals by `emitted_at`, newest first; pages are fetched as they are needed."""
        cursor, span = None, SignalSpan(start, end, stage, order)
        while True:
            signals, cursor = self._run(reports.signals_page(world_id, span, cursor))
            yield from signals
            if cursor is None:
                return

    def backtest(self, world_id: str, stage: str, **options: Unpack[BacktestOptions]) -> dict[str, Any]:
        """Return the back-test of a stage's value-at-risk forecasts against its realised returns."""
        return self._run(reads.backtest(world_id, stage, options))

    def worlds(self) -> Iterator[dict[str, Any]]:
        """Yield the freshness of every world that the hub knows: fresh, late, stale or missing."""
        cursor = None
        while True:
            page = self._run(registry.worlds_page(cursor))
            yield from page["worlds"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def expect(self, world_id: str, stage: str, **expectation: Any) -> dict[str, Any]:  # noqa: ANN401
        """Register the expectation that a world is updated; see `Expectation` for the fields."""
        return self._run(registry.put(world_id, registry.EXPECTATIONS, stage, expectation))

    def expectation(self, world_id: str, stage: str) -> dict[str, Any]:
        """Return the expectation registered for a world."""
        return self._run(registry.read(world_id, registry.EXPECTATIONS, stage))

    def forget(self, world_id: str, stage: str) -> None:
        """Remove the expectation of a world; its snapshots stay."""
        self._run(registry.delete(world_id, registry.EXPECTATIONS, stage))

    def set_exit_policy(self, world_id: str, stage: str, policy: Mapping[str, Any]) -> dict[str, Any]:
        """Store the exit policy of a world; see `ExitPolicy`."""
        return self._run(registry.put(world_id, registry.EXIT_POLICY, stage, policy))

    def exit_policy(self, world_id: str, stage: str, version: str | None = None) -> dict[str, Any]:
        """Return the exit policy in force, stored or default, or a stored version of it."""
        return self._run(registry.read(world_id, registry.EXIT_POLICY, stage, version))

    def drop_exit_policy(self, world_id: str, stage: str) -> None:
        """Remove the stored exit policy, so that the default applies again."""
        self._run(registry.delete(world_id, registry.EXIT_POLICY, stage))

    def evaluate(self, world_id: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Evaluate strategies by a stored policy, and return the verdicts, each with the run that records it.

        After a lost answer, send the same request again: it answers the stored runs.

        Args:
            world_id: the world.
            request: the body of the route; see `EvaluationRequest`.
        """
        return self._run(evaluations.evaluate(world_id, request))

    def put_policy(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Store a version of an evaluation policy; see `EvaluationPolicy`. A stored version never changes."""
        return self._run(evaluation_policies.put(document))

    def policy(self, policy_id: str, version: str) -> dict[str, Any]:
        """Return a stored version of an evaluation policy."""
        return self._run(evaluation_policies.read(policy_id, version))

    def policies(self, policy_id: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the stored versions of one evaluation policy or of all, without their documents."""
        cursor = None
        while True:
            page = self._run(evaluation_policies.policies_page(policy_id, cursor))
            yield from page["policies"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def activate_policy(self, world_id: str, policy_id: str, version: str, reason: str) -> dict[str, Any]:
        """Let a stored version judge the strategies of a world; the token needs another subject than the author's."""
        return self._run(evaluation_policies.activate(world_id, policy_id, version, reason))

    def active_policy(self, world_id: str) -> dict[str, Any]:
        """Return the activation of the evaluation policy that is in force."""
        return self._run(evaluation_policies.active(world_id))

    def policy_activations(self, world_id: str) -> Iterator[dict[str, Any]]:
        """Yield every activation of a world, newest first."""
        cursor = None
        while True:
            page = self._run(evaluation_policies.activations_page(world_id, cursor))
            yield from page["activations"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def set_decider(
        self, world_id: str, stage: str, decider: Literal["hub", "caller_precheck"], reason: str
    ) -> dict[str, Any]:
        """Say whose verdict decides in a stage of a world; the token needs the scope `governance:approve`."""
        return self._run(rollout.set_decider(world_id, stage, decider, reason))

    def roll_back(self, world_id: str, stage: str, reason: str) -> dict[str, Any]:
        """Undo the last change of a stage; a repeated rollback changes nothing."""
        return self._run(rollout.roll_back(world_id, stage, reason))

    def rollout(self, world_id: str) -> dict[str, Any]:
        """Return whose verdict decides in each stage of a world."""
        return self._run(rollout.flags(world_id))

    def rollout_changes(self, world_id: str) -> Iterator[dict[str, Any]]:
        """Yield every change of a world's flags, newest first."""
        cursor = None
        while True:
            page = self._run(rollout.changes_page(world_id, cursor))
            yield from page["changes"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def runs(self, world_id: str, **filters: Unpack[RunFilters]) -> Iterator[dict[str, Any]]:
        """Yield the evaluation runs of a world, newest first unless `order` is `asc`; see `EvaluationRunEntry`."""
        cursor = None
        while True:
            page = self._run(evaluation_runs.runs_page(world_id, filters, cursor))
            yield from page["runs"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def run(self, world_id: str, strategy_id: str, run_id: str) -> dict[str, Any]:
        """Return the current record of an evaluation run; see `EvaluationRun`."""
        return self._run(evaluation_runs.read(RunName(world_id, strategy_id, run_id)))

    def run_history(self, world_id: str, strategy_id: str, run_id: str) -> Iterator[dict[str, Any]]:
        """Yield the items of an evaluation run in their order, each with the digest of its canonical form."""
        cursor, run = None, RunName(world_id, strategy_id, run_id)
        while True:
            page = self._run(evaluation_runs.history_page(run, cursor))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def contract(self) -> HubContract:
        """Return the contract that the hub serves, at most an hour old."""
        return self._run(reads.contract(self.memory))

    def health(self) -> dict[str, Any]:
        """Return whether the hub is up."""
        return self._run(reads.health())

    def upload(
        self,
        world_id: str,
        kind: BlobKind,
        data: bytes | Path,
        *,
        actor: str | None = None,
        progress: Progress = ignore_progress,
    ) -> BlobRef:
        """Upload a blob directly to the store and return the reference for a snapshot.

        Raises:
            InvalidSnapshotError: the data is not a blob of this kind; nothing was sent.
        """
        blob = load_blob(data, kind)
        return self._run(blob_transfers.upload(world_id, blob, actor or self.settings.actor, progress))

    def load(self, snapshot: StoredSnapshot, kind: BlobKind) -> Decoded | None:
        """Return a large component of a snapshot, verified by its digest; None if the snapshot lacks it.

        Raises:
            DamagedBlobError: the bytes received do not match the digest.
        """
        return self._run(blob_transfers.load(snapshot, kind))

    def _run(self, steps: Steps[Result]) -> Result:
        try:
            call = next(steps)
            while True:
                try:
                    answer = self._send(call)
                except HubError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as done:
            result: Result = done.value
            return result
        finally:
            steps.close()

    def _send(self, call: Call | Pause) -> Answer:
        if isinstance(call, Pause):
            time.sleep(call.seconds)
            return PAUSED
        exchange, attempt_number = Exchange(self.settings, self.memory, call), 0
        options = retry_options(self.settings.patience, exchange.deadline)
        try:
            for attempt in stamina.retry_context(**options):
                with attempt:
                    attempt_number = attempt.num
                    return self._attempt(exchange)
        except TransientError as error:
            raise exchange.final_error(error, attempt_number) from error
        raise AssertionError("an attempt must return an answer or raise")

    def _attempt(self, exchange: Exchange) -> Answer:
        body = exchange.call.body
        content = body() if callable(body) else body
        try:
            with (
                request_deadline(exchange.deadline),
                self._http.stream(**exchange.request(content)) as response,
            ):
                buffer = exchange.buffer(response)
                for chunk in response.iter_bytes():
                    exchange.receive(buffer, chunk)
        except SEND_ERRORS as error:
            raise exchange.classify_error(error) from (error if isinstance(error, RETRYABLE_ERRORS) else None)
        return exchange.answer(buffer)
