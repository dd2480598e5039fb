"""Lambda entry point of stress_engine."""

from functions.entrypoints.queue import queue_worker
from functions.wiring.composition import Composition

_parts = Composition()
handler = queue_worker(
    "stress_engine", _parts.evaluate_stress(), _parts.clock, _parts.stages(), _parts.metered_worlds()
)
