"""Lambda entry point of snapshot_reader."""

from functions.snapshot_reader.about import about_routes
from functions.snapshot_reader.backtest import backtest_route
from functions.snapshot_reader.blobs import blob_routes
from functions.snapshot_reader.reports import report_routes
from functions.snapshot_reader.routes import snapshot_routes
from functions.wiring.composition import Composition

_dependencies = Composition()
_authenticator = _dependencies.authenticator()
_stages = _dependencies.stages()
_read = _dependencies.read_snapshots()
_snapshots = snapshot_routes(_read, _dependencies.expand_components(), _authenticator, _stages)
_reports = report_routes(
    _snapshots, _read, _dependencies.read_reports(), _dependencies.list_exit_signals(), _authenticator
)
_reads = backtest_route(_reports, _dependencies.backtest_risk(), _authenticator)
_with_blobs = blob_routes(_reads, _dependencies.read_blob(), _authenticator)
handler = about_routes(
    _with_blobs, _authenticator, _stages, _dependencies.offload(), _dependencies.exposure()
)
