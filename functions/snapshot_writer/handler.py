"""Lambda entry point of snapshot_writer."""

from functions.snapshot_writer.routes import snapshot_writer
from functions.snapshot_writer.uploads import add_upload_routes
from functions.wiring.composition import Composition

_parts = Composition()
_gate = _parts.gate()
_snapshots = snapshot_writer(_parts.publish_snapshot(), _gate, _parts.stages(), _parts.metered_worlds())
handler = add_upload_routes(_snapshots, _parts.upload_blobs(), _gate)
