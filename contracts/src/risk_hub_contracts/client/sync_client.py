"""`RiskHubClient`: the blocking client."""

import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, Unpack

import httpx2
import stamina

from risk_hub_contracts.blob_types import BlobKind, Decoded
from risk_hub_contracts.client import publishing, reads, registry, reports, uploading
from risk_hub_contracts.client.answers import HubContract, Publication, StoredSnapshot
from risk_hub_contracts.client.base import ClientBase, SnapshotFields
from risk_hub_contracts.client.discretion import signed_request
from risk_hub_contracts.client.errors import HubError
from risk_hub_contracts.client.hurry import keep_deadlines, until
from risk_hub_contracts.client.inputs import ready_blob
from risk_hub_contracts.client.reads import BacktestOptions, Filters, Instant, Span, Steps
from risk_hub_contracts.client.reports import ReportDocument, SignalSpan
from risk_hub_contracts.client.retries import REPEATABLE, retry_options
from risk_hub_contracts.client.spool import Flushed
from risk_hub_contracts.client.transport import UNSENDABLE, Exchange, client_options
from risk_hub_contracts.client.uploading import Progress, unseen
from risk_hub_contracts.client.wire import PAUSED, Answer, Call, Pause, TransientError
from risk_hub_contracts.exit_signal import ExitSignal
from risk_hub_contracts.refs import BlobRef
from risk_hub_contracts.risk import RiskReport
from risk_hub_contracts.stress import StressReport

__all__ = ["RiskHubClient"]

Result = TypeVar("Result")


class RiskHubClient(ClientBase):
    """A producer's and consumer's way to the hub.

    Example:
        >>> with RiskHubClient(actor="gateway", stage="paper") as hub:  # doctest: +SKIP
        ...     hub.publish("us20", version="v1", as_of=as_of, weights={"AAPL": 0.6, "MSFT": 0.4})

    Every request is tried again after 408, 429, 5xx, timeouts and broken connections, and a web page in place of an answer;
    see `Patience`.
    """

    @cached_property
    def _http(self) -> httpx2.Client:
        return keep_deadlines(httpx2.Client(**client_options(self.settings)))

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
        progress: Progress = unseen,
        **fields: Unpack[SnapshotFields],
    ) -> Publication:
        """Publish a snapshot; the same call again, from whichever process, changes nothing.

        Args:
            world_id: the world.
            document: a snapshot as the contract has it; `fields` stand beside or instead of it.
            actor: who publishes, by default the client's.
            stage: under which stage, by default the client's.
            progress: told of the bytes of a large part as they leave: sent so far, and in all.
            **fields: the fields of the contract. `covariance` and `realized_returns` may be dicts, NumPy arrays,
                DataFrames, a `FactorModel`, a blob, or a reference from `upload`.

        Returns:
            What became of it: created, replayed, or kept in the spool where there is one and the hub does not answer.

        Raises:
            InvalidSnapshotError: the contract refuses it; nothing was sent.
            ConflictError: other content stands under this version.
            RefusedError: the hub refuses it for another reason.
            StoreError: the blob store does not take what the hub signed.
            UnavailableError: no answer within the budget, and no spool.
            SpoolError: no answer, and the spool does not take it.
        """
        order = publishing.Order(
            world_id, {**(document or {}), **fields}, self._producer(actor, stage), progress
        )
        return self._run(publishing.publish(self.memory, self.spool, order))

    def flush(self) -> Flushed:
        """Deliver what the spool holds, oldest first; what nobody can read or the hub refuses is moved to `refused/`.

        Raises:
            UnavailableError: the hub does not answer; the rest stays, in its order.
            DeniedError: the token is not accepted (401); the rest stays, in its order.
            SpoolError: the folder cannot be used.
        """
        return Flushed((), ()) if self.spool is None else self._run(publishing.flush(self.spool))

    def latest(self, world_id: str, **filters: Unpack[Filters]) -> StoredSnapshot:
        """Return the newest snapshot that has not expired; unchanged answers are not sent again (ETag)."""
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
        """Yield a world's snapshots, newest first unless `order` says otherwise; pages are fetched as they are needed."""
        cursor, span = None, Span(start, end, order)
        while True:
            page = self._run(reads.page(world_id, span, filters, cursor))
            yield from page.snapshots
            cursor = page.next_cursor
            if cursor is None:
                return

    def risk(self, world_id: str, version: str) -> ReportDocument[RiskReport]:
        """Return the risk report on a version, as JSON object and typed."""
        return self._run(reports.report(RiskReport, world_id, version))

    def latest_risk(self, world_id: str, **filters: Unpack[Filters]) -> ReportDocument[RiskReport]:
        """Return the risk report on the newest snapshot that has not expired."""
        return self._run(reports.latest_report(RiskReport, world_id, filters))

    def stress(self, world_id: str, version: str) -> ReportDocument[StressReport]:
        """Return the stress report on a version, as JSON object and typed."""
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
        """Return how a stage's forecasts of value at risk did against the returns that came."""
        return self._run(reads.backtest(world_id, stage, options))

    def worlds(self) -> Iterator[dict[str, Any]]:
        """Yield how every world stands that the hub knows: fresh, late, stale, missing."""
        cursor = None
        while True:
            page = self._run(registry.worlds_page(cursor))
            yield from page["worlds"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def expect(self, world_id: str, stage: str, **expectation: Any) -> dict[str, Any]:  # noqa: ANN401
        """Expect snapshots of a world from now on; see `Expectation` for what may be given."""
        return self._run(registry.put(world_id, registry.EXPECTATIONS, stage, expectation))

    def expectation(self, world_id: str, stage: str) -> dict[str, Any]:
        """Return what is expected of a world."""
        return self._run(registry.read(world_id, registry.EXPECTATIONS, stage))

    def forget(self, world_id: str, stage: str) -> None:
        """Expect nothing of a world any more; its snapshots stay."""
        self._run(registry.drop(world_id, registry.EXPECTATIONS, stage))

    def set_exit_policy(self, world_id: str, stage: str, policy: Mapping[str, Any]) -> dict[str, Any]:
        """Let exit signals of a world follow this policy; see `ExitPolicy`."""
        return self._run(registry.put(world_id, registry.EXIT_POLICY, stage, policy))

    def exit_policy(self, world_id: str, stage: str) -> dict[str, Any]:
        """Return the exit policy in force, stored or default."""
        return self._run(registry.read(world_id, registry.EXIT_POLICY, stage))

    def drop_exit_policy(self, world_id: str, stage: str) -> None:
        """Let the default exit policy be in force again."""
        self._run(registry.drop(world_id, registry.EXIT_POLICY, stage))

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
        progress: Progress = unseen,
    ) -> BlobRef:
        """Upload a blob straight to the store and return the reference for a snapshot.

        Raises:
            InvalidSnapshotError: it is no blob, or of another kind; nothing was sent.
        """
        blob = ready_blob(data, kind)
        return self._run(uploading.upload(world_id, blob, actor or self.settings.actor, progress))

    def load(self, snapshot: StoredSnapshot, kind: BlobKind) -> Decoded | None:
        """Return a large part of a snapshot, verified by its digest; None where it has none.

        Raises:
            DamagedBlobError: what arrived is not what the digest says.
        """
        return self._run(uploading.load(snapshot, kind))

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
            raise error.final(attempt_number) from error
        raise AssertionError("an attempt answers or raises")

    def _attempt(self, exchange: Exchange) -> Answer:
        body = exchange.call.body
        content = body() if callable(body) else body
        try:
            with (
                until(exchange.deadline),
                signed_request(signed=not exchange.call.to_hub),
                self._http.stream(**exchange.request(content)) as response,
            ):
                inbox = exchange.inbox(response)
                for chunk in response.iter_bytes():
                    exchange.take(inbox, chunk)
        except UNSENDABLE as error:
            raise exchange.broken(error) from (error if isinstance(error, REPEATABLE) else None)
        return exchange.answer(inbox)
