"""Lambda entry point of freshness_monitor."""

from typing import Any

from functions.freshness_monitor.pass_metrics import run_pass
from functions.telemetry import log
from functions.wiring.composition import Composition

_dependencies = Composition()
_watch, _queues, _tokens = (
    _dependencies.watch_freshness(),
    _dependencies.queue_depths(),
    _dependencies.tokens(),
)


def handler(_event: dict[str, Any], _context: object) -> None:
    """Make one pass; the event is ignored.

    If the worlds cannot be read, no heartbeat is written, which raises an alarm.
    """
    watched = run_pass(_watch, _queues, _tokens)
    log.info("watched", worlds=watched.worlds, unreadable=watched.unreadable)
