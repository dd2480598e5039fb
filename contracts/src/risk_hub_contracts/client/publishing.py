"""Publishing, as steps: see `reads` for what steps are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from risk_hub_contracts.client.answers import Outcome, Publication, StoredSnapshot
from risk_hub_contracts.client.errors import DeniedError, RefusedError, UnavailableError
from risk_hub_contracts.client.memory import Memory
from risk_hub_contracts.client.prepare import Prepared, Producer, prepare
from risk_hub_contracts.client.reads import Steps, contract, world_path
from risk_hub_contracts.client.spool import Flushed, Spool
from risk_hub_contracts.client.uploading import JSON, Progress, unseen, upload
from risk_hub_contracts.client.wire import Call
from risk_hub_contracts.limits import INLINE_COV_THRESHOLD_DEFAULT_ENTRIES

__all__ = ["Order", "deliver", "flush", "publish"]

CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller wants published, and who is told how far its large parts are."""

    world_id: str
    document: Mapping[str, Any]
    producer: Producer
    progress: Progress = unseen


def publish(memory: Memory, spool: Spool | None, order: Order) -> Steps[Publication]:
    """Validate, hash, upload what is large, post; or keep it in the spool when the hub does not answer."""
    down = None
    try:
        inline_max_entries = (yield from contract(memory)).inline_max_entries
    except UnavailableError as error:
        down, inline_max_entries = error, float(INLINE_COV_THRESHOLD_DEFAULT_ENTRIES)
    prepared = prepare(
        order.world_id,
        order.document,
        order.producer,
        now=memory.now(),
        inline_max_entries=inline_max_entries,
    )
    try:
        if down is not None:
            raise down
        if spool is not None:
            yield from flush(spool)
        return (yield from deliver(prepared, order.producer, order.progress))
    except UnavailableError:
        if spool is None:
            raise
        spool.put(prepared, order.producer)
    return _publication("spooled", prepared, None, None)


def deliver(prepared: Prepared, producer: Producer, progress: Progress = unseen) -> Steps[Publication]:
    """Upload the blobs, then post the snapshot that refers to them; repeating it is safe."""
    world_id = prepared.snapshot.world_id
    refs = {}
    for kind, blob in prepared.blobs.items():
        refs[kind] = yield from upload(world_id, blob, producer.actor, progress)
    answer = yield Call(
        "POST",
        world_path(world_id, "snapshots"),
        {**JSON, "X-Actor": producer.actor, "X-Stage": producer.stage},
        body=prepared.body(refs),
        good=frozenset({200, CREATED}),
    )
    stored = StoredSnapshot.of(answer.document())
    return _publication(
        "created" if answer.status == CREATED else "replayed", prepared, stored, answer.request_id
    )


def flush(spool: Spool) -> Steps[Flushed]:
    """Deliver what the spool holds, oldest first; what the hub refuses is set aside with its problem.

    It stops at the first one that is not answered, or when the token is not accepted: that one and all after it stay.
    """
    delivered, refused = [], []
    for entry in spool.entries():
        prepared, producer = spool.read(entry)
        try:
            delivered.append((yield from deliver(prepared, producer)))
        except DeniedError:
            raise
        except RefusedError as error:
            refused.append(spool.set_aside(entry, error))
        else:
            spool.remove(entry)
    return Flushed(tuple(delivered), tuple(refused))


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
