"""Lambda entry point of exit_engine."""

from functions.entrypoints.queue import queue_worker
from functions.wiring.composition import Composition

_dependencies = Composition()
handler = queue_worker(
    "exit_engine",
    _dependencies.emit_exit_signals(),
    _dependencies.clock,
    _dependencies.stages(),
    _dependencies.metered_worlds(),
)
