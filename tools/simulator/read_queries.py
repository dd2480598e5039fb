"""Readers' queries, preferably at an edge: where a snapshot begins or ends to be known, current or in range."""

from datetime import datetime, timedelta

from tools.simulator.hub import Hub
from tools.simulator.intents import ACTORS, STAGES, WORLDS, Intent
from tools.simulator.model import Commit, Kind, ReadQuery
from tools.simulator.tasks import Task

KINDS: tuple[Kind, ...] = ("first", "first", "page", "page", "version")
LOOK_BACK_SECONDS = (0, 1, 14, 15, 16, 60, 900, 3_600)
TICKS_US = (-1, 0, 0, 1)


def draw_query(hub: Hub) -> ReadQuery:
    """Draw a query, half of the time about one snapshot in particular."""
    random = hub.random
    if random.random() < 0.4 and (under_way := [t for t in hub.tasks.live if _publishes(t)]):
        return _about_pending_commit(hub, random.choice(under_way))
    kind = random.choice(KINDS)
    bounded = random.random() < 0.4
    focus = random.choice(hub.ledger.commits) if hub.ledger.commits else None
    return ReadQuery(
        world_id=focus.key[0] if focus is not None and random.random() < 0.7 else random.choice(WORLDS),
        kind=kind,
        stage=random.choice((None, None, *STAGES)),
        actor=random.choice((None, None, None, *ACTORS)),
        known_at=_known_at(hub, focus) if random.random() < 0.6 else None,
        include_expired=random.random() < 0.3,
        version=_version(focus) if kind == "version" else None,
        since=_as_of(hub, focus) if kind == "page" and bounded else None,
        until=_as_of(hub, focus) if kind != "version" and bounded else None,
        ascending=kind == "page" and random.random() < 0.5,
        limit=random.choice((1, 2, 5)) if kind == "page" else 1,
    )


def _publishes(task: Task) -> bool:
    return isinstance(task.subject, Intent) and bool(task.readings)


def _about_pending_commit(hub: Hub, task: Task) -> ReadQuery:
    """Draw the instant at which an ongoing publication read its clock, to test the settling time."""
    content = task.subject.content
    return ReadQuery(content.world_id, "page", known_at=_past(hub, task.readings[0]), limit=5)


def _known_at(hub: Hub, focus: Commit | None) -> datetime:
    """Draw a past moment, preferably one at which a snapshot becomes known or expires."""
    random = hub.random
    if focus is None or random.random() < 0.4:
        return _past(hub, hub.clock.now - timedelta(seconds=random.choice(LOOK_BACK_SECONDS)))
    return _past(hub, random.choice((focus.created_at, focus.expires_at)))


def _past(hub: Hub, instant: datetime) -> datetime:
    """Return the instant, or one tick from it, but no instant in the future by any reader's clock."""
    tick = timedelta(microseconds=hub.random.choice(TICKS_US))
    return min(hub.clock.now - timedelta(seconds=1), instant + tick)


def _version(focus: Commit | None) -> str:
    return "none" if focus is None else focus.content.version


def _as_of(hub: Hub, focus: Commit | None) -> datetime:
    base = hub.clock.now if focus is None else focus.content.as_of
    return base + timedelta(microseconds=hub.random.choice(TICKS_US))
