"""Lambda entry point of snapshot_reader."""

from functions.snapshot_reader.about import about_routes
from functions.snapshot_reader.backtest import backtest_route
from functions.snapshot_reader.blobs import blob_routes
from functions.snapshot_reader.reports import report_routes
from functions.snapshot_reader.routes import snapshot_routes
from functions.wiring.composition import Composition

_parts = Composition()
_gate = _parts.gate()
_stages = _parts.stages()
_read = _parts.read_snapshots()
_snapshots = snapshot_routes(_read, _parts.expand_parts(), _gate, _stages)
_reports = report_routes(_snapshots, _read, _parts.read_reports(), _parts.list_exit_signals(), _gate)
_reads = backtest_route(_reports, _parts.backtest_risk(), _gate)
_with_blobs = blob_routes(_reads, _parts.read_blob(), _gate)
handler = about_routes(_with_blobs, _gate, _stages, _parts.offload(), _parts.exposure())
