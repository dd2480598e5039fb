"""Lambda entry point of freshness_monitor."""

from typing import Any

from aws_lambda_powertools import Logger

from functions.freshness_monitor.report import report
from functions.hub.composition import Composition

_watch = Composition().watch_freshness()
_logger = Logger()


def handler(_event: dict[str, Any], _context: object) -> None:
    """Make one pass over all worlds, whoever calls; when it raises there is no heartbeat, and that sets off an alarm."""
    watched = _watch()
    report(watched)
    _logger.info("watched", worlds=watched.worlds, unreadable=watched.unreadable)
