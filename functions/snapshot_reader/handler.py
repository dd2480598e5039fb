"""Lambda entry point of snapshot_reader."""

from functions.hub.composition import Composition
from functions.snapshot_reader.about import about_routes
from functions.snapshot_reader.backtest import backtest_route
from functions.snapshot_reader.blobs import blob_routes
from functions.snapshot_reader.routes import snapshot_routes

_parts = Composition()
_gate = _parts.gate()
_snapshots = snapshot_routes(_parts.read_snapshots(), _parts.read_risk(), _parts.expand_parts(), _gate)
_reads = backtest_route(_snapshots, _parts.backtest_risk(), _gate)
_with_blobs = blob_routes(_reads, _parts.read_blob(), _gate)
handler = about_routes(_with_blobs, _gate, _parts.stages(), _parts.offload())
