"""Lambda entry point of snapshot_reader."""

from functions.hub.composition import Composition
from functions.snapshot_reader.about import about_routes
from functions.snapshot_reader.routes import snapshot_routes

_parts = Composition()
_gate = _parts.gate()
_snapshots = snapshot_routes(_parts.read_snapshots(), _parts.read_risk(), _parts.expand_parts(), _gate)
handler = about_routes(_snapshots, _gate, _parts.stages(), _parts.offload())
