"""Invariants that hold after all activity has ended."""

from tools.simulator.derived import check_derived
from tools.simulator.hub import Hub
from tools.simulator.intents import STAGES, WORLDS
from tools.simulator.ledger import as_stored, require
from tools.simulator.model import ReadQuery
from tools.simulator.readers import Readers
from tools.simulator.seam_ports import moved_rows


def check_final_state(hub: Hub, readers: Readers) -> None:
    """Check INV-01 to INV-09 over the whole history."""
    _rows_are_the_commits(hub)
    _everything_is_announced(hub)
    _heads_are_the_greatest(hub)
    check_derived(hub)
    _reads_agree_with_the_model(readers)


def _rows_are_the_commits(hub: Hub) -> None:
    """Check that the table and history together hold exactly the commits."""
    rows = {key: as_stored(row) for key, row in hub.snapshots.store.rows.items()}
    for key in sorted(rows.keys() - hub.ledger.by_key.keys()):
        require(holds=False, invariant="INV-09", detail=f"{key} is visible and was never committed")
    for key, commit in hub.ledger.by_key.items():
        held = key in rows or commit.stored in moved_rows(hub.segments.store, key[0])
        same = held and rows.get(key, commit.stored) == commit.stored
        require(same, "INV-01", f"{key} is not what was committed", key[1])


def _everything_is_announced(hub: Hub) -> None:
    for key in (*hub.ledger.by_key, *hub.ledger.reports):
        require(hub.ledger.announced[key] > 0, "INV-04", f"{key} was never announced", key[1])


def _heads_are_the_greatest(hub: Hub) -> None:
    for world in WORLDS:
        for stage in STAGES:
            orders = [c for c in hub.ledger.commits if (c.key[0], c.content.stage) == (world, stage)]
            newest = max(orders, key=lambda commit: commit.order, default=None)
            head = hub.worlds.store.rows.get((world, stage))
            version = None if head is None else head.order.rpartition("|")[2]
            wanted = None if newest is None else newest.content.version
            require(version == wanted, "INV-03", f"the head of {world} {stage} is {version}, not {wanted}")


def _reads_agree_with_the_model(readers: Readers) -> None:
    for world in WORLDS:
        for stage in (None, *STAGES):
            latest = ReadQuery(world, "first", stage=stage)
            history = ReadQuery(world, "page", stage=stage, include_expired=True, limit=3)
            for query in (latest, history):
                readers.check(query, readers.run_query(query))
