"""Lambda entry point of risk_engine."""

from functions.hub.composition import Composition
from functions.hub.queue import queue_worker
from functions.risk.evaluate import EvaluateRisk

_parts = Composition()
handler = queue_worker(
    "risk_engine",
    EvaluateRisk(
        _parts.announced_snapshots(), _parts.blobs(), _parts.evaluations(), _parts.clock, _parts.retention()
    ),
    _parts.clock,
)
