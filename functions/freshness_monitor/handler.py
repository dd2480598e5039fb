"""Lambda entry point of freshness_monitor."""

from typing import Any

from functions.freshness_monitor.pass_metrics import make_a_pass
from functions.telemetry import log
from functions.wiring.composition import Composition

_parts = Composition()
_watch, _queues, _tokens = _parts.watch_freshness(), _parts.queue_depths(), _parts.tokens()


def handler(_event: dict[str, Any], _context: object) -> None:
    """Make one pass; the event is ignored.

    If the worlds cannot be read, no heartbeat is written, which raises an alarm.
    """
    watched = make_a_pass(_watch, _queues, _tokens)
    log.info("watched", worlds=watched.worlds, unreadable=watched.unreadable)
