"""Publishing as steps; `reads` explains steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from risk_hub_client.blob_transfers import JSON, Progress, ignore_progress, upload
from risk_hub_client.cache import ClientCache
from risk_hub_client.errors import DeniedError, HubError, RefusedError, SpoolError, UnavailableError
from risk_hub_client.locks import unlock
from risk_hub_client.prepare import Prepared, Producer, prepare
from risk_hub_client.reads import Steps, contract, world_path
from risk_hub_client.results import Outcome, Publication, StoredSnapshot
from risk_hub_client.spool import DamagedEntryError, Flushed, Spool
from risk_hub_client.wire import Call, Pause
from risk_hub_contracts.base.limits import INLINE_COV_THRESHOLD_DEFAULT_ENTRIES

__all__ = ["PublishRequest", "deliver", "flush", "publish"]

CREATED: Final = 201
UNAUTHENTICATED: Final = 401
# A 4xx without this prefix comes from an intermediary, not from the hub.
HUB_PROBLEM_PREFIX: Final = "urn:risk-hub:problem:"
# The longest wait while another process delivers the spool; after it, publishing continues without the lock.
DELIVERY_LOCK_WAIT_MAX_SECONDS: Final = 30.0
DELIVERY_LOCK_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """A publication request: the snapshot to publish and the callback for upload progress."""

    world_id: str
    document: Mapping[str, Any]
    producer: Producer
    progress: Progress = ignore_progress


def publish(cache: ClientCache, spool: Spool | None, request: PublishRequest) -> Steps[Publication]:
    """Validate, hash, upload large components and post; spool the snapshot if the hub is unavailable."""
    outage = None
    try:
        inline_max_entries = (yield from contract(cache)).inline_max_entries
    except UnavailableError as error:
        outage, inline_max_entries = error, float(INLINE_COV_THRESHOLD_DEFAULT_ENTRIES)
    prepared = prepare(
        request.world_id,
        request.document,
        request.producer,
        now=cache.now(),
        inline_max_entries=inline_max_entries,
    )
    try:
        if outage is not None:
            raise outage
        if spool is not None:
            yield from _flush_first(spool)
        return (yield from deliver(prepared, request.producer, request.progress))
    except UnavailableError:
        if spool is None:
            raise
        spool.put(prepared, request.producer)
    return _publication("spooled", prepared, None, None)


def _flush_first(spool: Spool) -> Steps[None]:
    """Deliver spooled snapshots first; of their errors, only unavailability affects the next publication."""
    try:
        yield from flush(spool)
    except UnavailableError:
        raise
    except HubError:
        return


def deliver(
    prepared: Prepared, producer: Producer, progress: Progress = ignore_progress
) -> Steps[Publication]:
    """Upload the blobs, then post the snapshot that refers to them; repeating it is safe."""
    world_id = prepared.snapshot.world_id
    refs = {}
    for kind, blob in prepared.blobs.items():
        refs[kind] = yield from upload(world_id, blob, producer.actor, progress)
    answer = yield Call(
        "POST",
        world_path("publish_snapshot", world_id),
        {**JSON, "X-Actor": producer.actor, "X-Stage": producer.stage},
        body=prepared.body(refs),
        accepted_statuses=frozenset({200, CREATED}),
    )
    stored = answer.read(StoredSnapshot.of)
    return _publication(
        "created" if answer.status == CREATED else "replayed", prepared, stored, answer.request_id
    )


def flush(spool: Spool) -> Steps[Flushed]:
    """Deliver the spooled snapshots, oldest first; unreadable and rejected ones are set aside.

    It stops at the first without an answer, or when the token is not accepted: that one and the rest stay.
    A snapshot that this token may not deliver, or that the store rejects, stays without blocking the others.

    Raises:
        SpoolError: the folder cannot be locked.
    """
    if not spool.entries():
        return Flushed((), ())
    try:
        lock = yield from _wait_for_delivery_lock(spool)
    except OSError as error:
        raise SpoolError(f"{spool.folder} cannot be used: {error}") from error
    if lock is None:
        return Flushed((), (), tuple(spool.entries()))
    try:
        return (yield from _deliver_all(spool))
    finally:
        unlock(lock)


def _wait_for_delivery_lock(spool: Spool) -> Steps[int | None]:
    """Wait for the exclusive right to deliver; return None on timeout."""
    for _ in range(round(DELIVERY_LOCK_WAIT_MAX_SECONDS / DELIVERY_LOCK_POLL_SECONDS)):
        lock = spool.try_turn()
        if lock is not None:
            return lock
        yield Pause(DELIVERY_LOCK_POLL_SECONDS)
    return None


def _deliver_all(spool: Spool) -> Steps[Flushed]:
    delivered, refused, kept = list[Publication](), list[Path](), list[Path]()
    denied = set[Producer]()
    for entry in spool.entries():
        try:
            prepared, producer = spool.read(entry)
            if producer in denied:
                kept.append(entry)
                continue
            delivered.append((yield from deliver(prepared, producer)))
            spool.remove(entry)
        except FileNotFoundError:
            continue
        except UnavailableError:
            raise
        except DeniedError as error:
            if error.status == UNAUTHENTICATED:
                raise
            denied.add(producer)
            kept.append(entry)
        except (HubError, OSError) as error:
            moved_to = _set_aside(spool, entry, error)
            (kept if moved_to is None else refused).append(moved_to or entry)
    return Flushed(tuple(delivered), tuple(refused), tuple(kept))


def _set_aside(spool: Spool, entry: Path, error: Exception) -> Path | None:
    """Set aside an undeliverable entry; return None if it may be delivered later or the move fails."""
    is_permanent = isinstance(error, DamagedEntryError) or (
        isinstance(error, RefusedError) and error.type.startswith(HUB_PROBLEM_PREFIX)
    )
    if not (is_permanent and isinstance(error, HubError)):
        return None
    try:
        return spool.set_aside(entry, error)
    except OSError:
        return None


def _publication(
    outcome: Outcome,
    prepared: Prepared,
    stored: StoredSnapshot | None,
    request_id: str | None,
) -> Publication:
    snapshot = prepared.snapshot
    return Publication(
        outcome, snapshot.world_id, snapshot.version, snapshot.content_hash, stored, request_id
    )
