"""Lambda entry point of exit_engine."""

from functions.entrypoints.queue import queue_worker
from functions.wiring.composition import Composition

_parts = Composition()
handler = queue_worker(
    "exit_engine", _parts.emit_exit_signals(), _parts.clock, _parts.stages(), _parts.metered_worlds()
)
