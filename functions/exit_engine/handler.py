"""Lambda entry point of exit_engine."""

from functions.hub.composition import Composition
from functions.hub.queue import queue_worker

_parts = Composition()
handler = queue_worker(
    "exit_engine", _parts.emit_exit_signals(), _parts.clock, _parts.stages(), _parts.metered_worlds()
)
