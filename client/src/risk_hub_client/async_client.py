"""`AsyncRiskHubClient`: the asynchronous client."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar, Unpack

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
from risk_hub_client.answer_buffer import AnswerBuffer
from risk_hub_client.base import ClientBase, SnapshotFields
from risk_hub_client.blob_transfers import Progress, ignore_progress
from risk_hub_client.errors import HubError
from risk_hub_client.evaluation_runs import RunFilters, RunName
from risk_hub_client.history.lines import Line, period_bound, to_snapshot
from risk_hub_client.history.reader import HistoryReader
from risk_hub_client.loading import load_blob
from risk_hub_client.log_redaction import RedactingAsyncTransport
from risk_hub_client.proxies import environment_mounts
from risk_hub_client.reads import BacktestOptions, Filters, Instant, Span, Steps
from risk_hub_client.reports import ReportDocument, SignalSpan
from risk_hub_client.results import HubContract, Publication, StoredSnapshot
from risk_hub_client.retries import RETRYABLE_ERRORS, retry_options
from risk_hub_client.spool import Flushed
from risk_hub_client.threads import Done, advance, call_in_loop, run_in_thread
from risk_hub_client.transport import SEND_ERRORS, Exchange, client_options
from risk_hub_client.wire import PAUSED, Answer, Call, Chunk, Pause, TransientError
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobKind, Decoded
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

__all__ = ["AsyncRiskHubClient"]

Result = TypeVar("Result")
# Lets the HTTP library's own timeouts, where they apply, fire first.
GRACE_SECONDS: Final = 0.1


class AsyncRiskHubClient(ClientBase):
    """An asynchronous client of the hub, for producers and consumers.

    Example:
        >>> async with AsyncRiskHubClient(actor="gateway", stage="paper") as hub:  # doctest: +SKIP
        ...     await hub.publish("us20", version="v1", as_of=as_of, weights={"AAPL": 0.6, "MSFT": 0.4})

    Every request is retried after 408, 429, 5xx other than 507 `world-full`, timeouts, broken connections and
    answers that are web pages; see `Patience`.
    """

    @cached_property
    def _http(self) -> httpx2.AsyncClient:
        options = client_options(self.settings)
        trust_env = options["trust_env"]
        open_transport = partial(RedactingAsyncTransport, httpx2.create_ssl_context(trust_env=trust_env))
        mounts = environment_mounts(lambda proxy: open_transport(proxy=proxy), trust_env=trust_env)
        return httpx2.AsyncClient(**options, transport=open_transport(), mounts=mounts)

    async def __aenter__(self) -> Self:
        """Open the connections."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def publish(
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
            world_id, {**(document or {}), **fields}, self._producer(actor, stage), call_in_loop(progress)
        )
        return await self._run(publishing.publish(self.memory, self.spool, request))

    async def flush(self) -> Flushed:
        """Deliver the spooled snapshots, oldest first; unreadable and rejected ones move to `refused/`.

        Raises:
            UnavailableError: the hub is unavailable; the rest stays, in order.
            DeniedError: the token is not accepted (401); the rest stays, in order.
            SpoolError: the folder cannot be used.
        """
        return Flushed((), ()) if self.spool is None else await self._run(publishing.flush(self.spool))

    async def latest(self, world_id: str, **filters: Unpack[Filters]) -> StoredSnapshot:
        """Return the newest snapshot that has not expired; an unchanged answer is not sent again (ETag)."""
        return await self._run(reads.latest(self.memory, world_id, filters))

    async def lookup(
        self,
        world_id: str,
        *,
        version: str | None = None,
        as_of: Instant | None = None,
        **filters: Unpack[Filters],
    ) -> StoredSnapshot:
        """Return one version, or the newest snapshot that is not later than `as_of`."""
        return await self._run(reads.lookup(world_id, version, as_of, filters))

    async def list(
        self,
        world_id: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        order: Literal["asc", "desc"] = "desc",
        **filters: Unpack[Filters],
    ) -> AsyncIterator[StoredSnapshot]:
        """Yield a world's snapshots, newest first by default; pages are fetched as they are needed."""
        cursor, span = None, Span(start, end, order)
        while True:
            page = await self._run(reads.page(world_id, span, filters, cursor))
            for snapshot in page.snapshots:
                yield snapshot
            cursor = page.next_cursor
            if cursor is None:
                return

    async def history(
        self, world_id: str, start: Instant | date, end: Instant | date
    ) -> AsyncIterator[StoredSnapshot]:
        """Yield the snapshots of a period, oldest first, expired ones too: from the history and the hot table.

        Args:
            world_id: the world.
            start: the earliest `as_of`: an instant, or a day in UTC.
            end: the latest `as_of`, inclusive: an instant, or a day in UTC.
        """
        reader = HistoryReader(world_id, period_bound(start, "start"), period_bound(end, "end", end=True))
        while (batch := await self._run(reader.next_batch())) is not None:
            for snapshot in await run_in_thread(partial(_snapshots, batch, self.memory.now())):
                yield snapshot

    async def risk(self, world_id: str, version: str) -> ReportDocument[RiskReport]:
        """Return the risk report on a version, as a JSON object and as a model."""
        return await self._run(reports.report(RiskReport, world_id, version))

    async def latest_risk(self, world_id: str, **filters: Unpack[Filters]) -> ReportDocument[RiskReport]:
        """Return the risk report on the newest snapshot that has not expired."""
        return await self._run(reports.latest_report(RiskReport, world_id, filters))

    async def stress(self, world_id: str, version: str) -> ReportDocument[StressReport]:
        """Return the stress report on a version, as a JSON object and as a model."""
        return await self._run(reports.report(StressReport, world_id, version))

    async def latest_stress(self, world_id: str, **filters: Unpack[Filters]) -> ReportDocument[StressReport]:
        """Return the stress report on the newest snapshot that has not expired."""
        return await self._run(reports.latest_report(StressReport, world_id, filters))

    async def exit_signals(
        self,
        world_id: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        stage: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> AsyncIterator[ExitSignal]:
        """Yield a world's exit signals by `emitted_at`, newest first; pages are fetched as they are needed."""
        cursor, span = None, SignalSpan(start, end, stage, order)
        while True:
            signals, cursor = await self._run(reports.signals_page(world_id, span, cursor))
            for signal in signals:
                yield signal
            if cursor is None:
                return

    async def backtest(self, world_id: str, stage: str, **options: Unpack[BacktestOptions]) -> dict[str, Any]:
        """Return the back-test of a stage's value-at-risk forecasts against its realised returns."""
        return await self._run(reads.backtest(world_id, stage, options))

    async def worlds(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the freshness of every world that the hub knows: fresh, late, stale or missing."""
        cursor = None
        while True:
            page = await self._run(registry.worlds_page(cursor))
            for world in page["worlds"]:
                yield world
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def expect(self, world_id: str, stage: str, **expectation: Any) -> dict[str, Any]:  # noqa: ANN401
        """Register the expectation that a world is updated; see `Expectation` for the fields."""
        return await self._run(registry.put(world_id, registry.EXPECTATIONS, stage, expectation))

    async def expectation(self, world_id: str, stage: str) -> dict[str, Any]:
        """Return the expectation registered for a world."""
        return await self._run(registry.read(world_id, registry.EXPECTATIONS, stage))

    async def forget(self, world_id: str, stage: str) -> None:
        """Remove the expectation of a world; its snapshots stay."""
        await self._run(registry.delete(world_id, registry.EXPECTATIONS, stage))

    async def set_exit_policy(self, world_id: str, stage: str, policy: Mapping[str, Any]) -> dict[str, Any]:
        """Store the exit policy of a world; see `ExitPolicy`."""
        return await self._run(registry.put(world_id, registry.EXIT_POLICY, stage, policy))

    async def exit_policy(self, world_id: str, stage: str, version: str | None = None) -> dict[str, Any]:
        """Return the exit policy in force, stored or default, or a stored version of it."""
        return await self._run(registry.read(world_id, registry.EXIT_POLICY, stage, version))

    async def drop_exit_policy(self, world_id: str, stage: str) -> None:
        """Remove the stored exit policy, so that the default applies again."""
        await self._run(registry.delete(world_id, registry.EXIT_POLICY, stage))

    async def evaluate(self, world_id: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Evaluate strategies by a stored policy, and return the verdicts, each with the run that records it.

        After a lost answer, send the same request again: it answers the stored runs.

        Args:
            world_id: the world.
            request: the body of the route; see `EvaluationRequest`.
        """
        return await self._run(evaluations.evaluate(world_id, request))

    async def put_policy(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Store a version of an evaluation policy; see `EvaluationPolicy`. A stored version never changes."""
        return await self._run(evaluation_policies.put(document))

    async def policy(self, policy_id: str, version: str) -> dict[str, Any]:
        """Return a stored version of an evaluation policy."""
        return await self._run(evaluation_policies.read(policy_id, version))

    async def policies(self, policy_id: str | None = None) -> AsyncIterator[dict[str, Any]]:
        """Yield the stored versions of one evaluation policy or of all, without their documents."""
        cursor = None
        while True:
            page = await self._run(evaluation_policies.policies_page(policy_id, cursor))
            for stored in page["policies"]:
                yield stored
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def activate_policy(
        self, world_id: str, policy_id: str, version: str, reason: str
    ) -> dict[str, Any]:
        """Let a stored version judge the strategies of a world; the token needs another subject than the author's."""
        return await self._run(evaluation_policies.activate(world_id, policy_id, version, reason))

    async def active_policy(self, world_id: str) -> dict[str, Any]:
        """Return the activation of the evaluation policy that is in force."""
        return await self._run(evaluation_policies.active(world_id))

    async def policy_activations(self, world_id: str) -> AsyncIterator[dict[str, Any]]:
        """Yield every activation of a world, newest first."""
        cursor = None
        while True:
            page = await self._run(evaluation_policies.activations_page(world_id, cursor))
            for activation in page["activations"]:
                yield activation
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def set_decider(
        self, world_id: str, stage: str, decider: Literal["hub", "caller_precheck"], reason: str
    ) -> dict[str, Any]:
        """Say whose verdict decides in a stage of a world; the token needs the scope `governance:approve`."""
        return await self._run(rollout.set_decider(world_id, stage, decider, reason))

    async def roll_back(self, world_id: str, stage: str, reason: str) -> dict[str, Any]:
        """Undo the last change of a stage; a repeated rollback changes nothing."""
        return await self._run(rollout.roll_back(world_id, stage, reason))

    async def rollout(self, world_id: str) -> dict[str, Any]:
        """Return whose verdict decides in each stage of a world."""
        return await self._run(rollout.flags(world_id))

    async def rollout_changes(self, world_id: str) -> AsyncIterator[dict[str, Any]]:
        """Yield every change of a world's flags, newest first."""
        cursor = None
        while True:
            page = await self._run(rollout.changes_page(world_id, cursor))
            for change in page["changes"]:
                yield change
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def runs(self, world_id: str, **filters: Unpack[RunFilters]) -> AsyncIterator[dict[str, Any]]:
        """Yield the evaluation runs of a world, newest first unless `order` is `asc`; see `EvaluationRunEntry`."""
        cursor = None
        while True:
            page = await self._run(evaluation_runs.runs_page(world_id, filters, cursor))
            for each in page["runs"]:
                yield each
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def run(self, world_id: str, strategy_id: str, run_id: str) -> dict[str, Any]:
        """Return the current record of an evaluation run; see `EvaluationRun`."""
        return await self._run(evaluation_runs.read(RunName(world_id, strategy_id, run_id)))

    async def run_history(
        self, world_id: str, strategy_id: str, run_id: str
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the items of an evaluation run in their order, each with the digest of its canonical form."""
        cursor, run = None, RunName(world_id, strategy_id, run_id)
        while True:
            page = await self._run(evaluation_runs.history_page(run, cursor))
            for each in page["items"]:
                yield each
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def contract(self) -> HubContract:
        """Return the contract that the hub serves, at most an hour old."""
        return await self._run(reads.contract(self.memory))

    async def health(self) -> dict[str, Any]:
        """Return whether the hub is up."""
        return await self._run(reads.health())

    async def upload(
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
        blob = await run_in_thread(lambda: load_blob(data, kind))
        loop_progress = call_in_loop(progress)
        return await self._run(
            blob_transfers.upload(world_id, blob, actor or self.settings.actor, loop_progress)
        )

    async def load(self, snapshot: StoredSnapshot, kind: BlobKind) -> Decoded | None:
        """Return a large component of a snapshot, verified by its digest; None if the snapshot lacks it.

        Raises:
            DamagedBlobError: the bytes received do not match the digest.
        """
        return await self._run(blob_transfers.load(snapshot, kind))

    async def _run(self, steps: Steps[Result]) -> Result:
        answer: Answer | HubError | None = None
        try:
            while not isinstance(step := await advance(steps, answer), Done):
                try:
                    answer = await self._send(step)
                except HubError as error:
                    answer = error
            return step.result
        finally:
            steps.close()

    async def _send(self, call: Call | Pause) -> Answer:
        if isinstance(call, Pause):
            await asyncio.sleep(call.seconds)
            return PAUSED
        exchange, attempt_number = Exchange(self.settings, self.memory, call), 0
        options = retry_options(self.settings.patience, exchange.deadline)
        try:
            async for attempt in stamina.retry_context(**options):
                with attempt:
                    attempt_number = attempt.num
                    return await self._attempt(exchange)
        except TransientError as error:
            raise exchange.final_error(error, attempt_number) from error
        raise AssertionError("an attempt must return an answer or raise")

    async def _attempt(self, exchange: Exchange) -> Answer:
        body = exchange.call.body
        content = _as_async_iterator(body()) if callable(body) else body
        try:
            buffer = await asyncio.wait_for(
                self._collect(exchange, content), exchange.deadline.remaining_seconds + GRACE_SECONDS
            )
        except TimeoutError:
            raise exchange.deadline_error() from None
        except SEND_ERRORS as error:
            raise exchange.classify_error(error) from (error if isinstance(error, RETRYABLE_ERRORS) else None)
        return exchange.answer(buffer)

    async def _collect(self, exchange: Exchange, content: Any) -> AnswerBuffer:  # noqa: ANN401 - bytes, or an iterator
        async with self._http.stream(**exchange.request(content)) as response:
            buffer = exchange.buffer(response)
            async for chunk in response.aiter_bytes():
                exchange.receive(buffer, chunk)
        return buffer


def _snapshots(batch: Iterator[Line], now: datetime) -> list[StoredSnapshot]:
    return [to_snapshot(line, now) for line in batch]


async def _as_async_iterator(chunks: Iterator[Chunk]) -> AsyncIterator[Chunk]:
    for chunk in chunks:
        yield chunk
