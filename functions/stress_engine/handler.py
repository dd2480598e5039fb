"""Lambda entry point of stress_engine."""

from functions.entrypoints.queue import queue_worker
from functions.wiring.composition import Composition

_dependencies = Composition()
handler = queue_worker(
    "stress_engine",
    _dependencies.evaluate_stress(),
    _dependencies.clock,
    _dependencies.stages(),
    _dependencies.metered_worlds(),
)
