"""Invariants of moves: move everything at the end, and compare every answer before and after, byte by byte."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from functions.history.segment import decode_segment, digest_of
from risk_hub_contracts.base.limits import FUTURE_SKEW_MAX_SECONDS
from risk_hub_contracts.base.problems import ProblemError
from tools.simulator.hub import Hub
from tools.simulator.intents import WORLDS, Intent
from tools.simulator.ledger import as_stored, require
from tools.simulator.model import Commit, ReadQuery
from tools.simulator.readers import SETTLE, Readers
from tools.simulator.seam_ports import moved_rows

CONFLICTING_TTL_SECONDS = 63


def check_seam(hub: Hub, readers: Readers) -> None:
    """Move every snapshot, and check that nothing is lost, doubled or torn and that no answer changes."""
    due_after = hub.move.longest_window + hub.move.settle + timedelta(seconds=FUTURE_SKEW_MAX_SECONDS + 1)
    hub.clock.advance(seconds=due_after.total_seconds())
    queries = list(_settled_queries(hub))
    before = [_answer_bytes(readers, query) for query in queries]
    for world_id in WORLDS:
        while hub.move(world_id) is not None:
            pass
    for query, answer in zip(queries, before, strict=True):
        require(_answer_bytes(readers, query) == answer, "INV-08", f"the move changed the answer to {query}")
    _history_is_whole(hub)
    _versions_stay_taken(hub)


def _settled_queries(hub: Hub) -> Iterator[ReadQuery]:
    known_at = hub.clock.now - SETTLE - timedelta(seconds=1)
    for world in WORLDS:
        latest = ReadQuery(world, "first", known_at=known_at)
        page = ReadQuery(world, "page", known_at=known_at, include_expired=True, limit=2)
        yield from (latest, page, replace(page, ascending=True, limit=1))
    for commit in hub.ledger.commits:
        world, version = commit.key
        yield ReadQuery(world, "version", known_at=known_at, include_expired=True, version=version)
        yield ReadQuery(world, "first", known_at=known_at, include_expired=True, until=commit.content.as_of)
        yield ReadQuery(world, "first", known_at=commit.created_at)


def _answer_bytes(readers: Readers, query: ReadQuery) -> bytes:
    """Return the bytes of an answer that the model confirms."""
    answers = readers.run_query(query)
    readers.check(query, answers)
    return b"\n".join(answer.as_bytes() for answer in answers)


def _history_is_whole(hub: Hub) -> None:
    """Check that each commit is in exactly one segment, and that the table holds only its tombstone."""
    store, table = hub.segments.store, hub.snapshots.store
    moved = [row for world in WORLDS for row in moved_rows(store, world)]
    lost = {commit.stored for commit in hub.ledger.commits} - set(moved)
    require(not lost, "INV-01", f"the move lost {lost}")
    require(len(moved) == len(hub.ledger.commits), "INV-01", "the move doubled a snapshot, or made one")
    require(not table.rows, "INV-01", f"the table still holds {list(table.rows)}")
    tombstones = {key: each.content_hash for key, each in table.tombstones.items()}
    expected = {key: commit.content_hash for key, commit in hub.ledger.by_key.items()}
    require(tombstones == expected, "INV-01", f"the tombstones are {tombstones}, not {expected}")
    _segments_are_whole(hub)
    for world in WORLDS:
        result = hub.reconcile(world, hub.clock.now + timedelta(days=1))
        require(result.finished and not result.differences, "INV-01", f"reconciliation: {result.differences}")


def _segments_are_whole(hub: Hub) -> None:
    """Check that no segment is torn, and that no plan and no object is left over."""
    store = hub.segments.store
    rows = [row for of_world in store.stored.values() for row in of_world.values()]
    for row in rows:
        held = decode_segment(store.objects[row.key])
        whole = (row.count, row.digest) == (len(held), digest_of(held))
        require(whole, "INV-01", f"the segment {row.name} is torn")
    require(not store.plans, "INV-01", f"plans are left over: {store.plans}")
    require(store.objects.keys() == {row.key for row in rows}, "INV-01", "an object without its row is left")


def _versions_stay_taken(hub: Hub) -> None:
    """Publish every snapshot again, and another content under its version (INV-01, INV-02)."""
    for commit, task in zip(hub.ledger.commits, hub.ledger.committers, strict=True):
        intent: Intent = replace(task.subject, by_ref=False)
        again, version = hub.publish(intent.publication()), commit.content.version
        same = not again.created and as_stored(again.stored) == commit.stored
        require(same, "INV-02", f"the replay of the moved {version} is answered otherwise", version)
        _conflicts(hub, commit, intent)


def _conflicts(hub: Hub, commit: Commit, intent: Intent) -> None:
    version = commit.content.version
    other = replace(intent, content=replace(intent.content, ttl_sec=CONFLICTING_TTL_SECONDS))
    try:
        hub.publish(other.publication())
    except ProblemError as problem:
        named = (problem.type.slug, problem.extra.get("stored_hash"))
        require(named == ("version-conflict", commit.content_hash), "INV-01", f"{version}: {named}", version)
    else:
        require(holds=False, invariant="INV-01", detail=f"the moved {version} is free again", about=version)
