"""Lambda entry point of snapshot_writer."""

from functions.snapshot_writer.routes import snapshot_writer
from functions.snapshot_writer.uploads import add_upload_routes
from functions.wiring.composition import Composition

_dependencies = Composition()
_authenticator = _dependencies.authenticator()
_snapshots = snapshot_writer(
    _dependencies.publish_snapshot(), _authenticator, _dependencies.stages(), _dependencies.metered_worlds()
)
handler = add_upload_routes(_snapshots, _dependencies.upload_blobs(), _authenticator)
