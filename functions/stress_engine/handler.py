"""Lambda entry point of stress_engine."""

from functions.hub.composition import Composition
from functions.hub.queue import queue_worker

_parts = Composition()
handler = queue_worker(
    "stress_engine", _parts.evaluate_stress(), _parts.clock, _parts.stages(), _parts.metered_worlds()
)
