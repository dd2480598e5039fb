"""Lambda entry point of snapshot_writer."""

from functions.hub.composition import Composition
from functions.snapshot_writer.routes import snapshot_writer

_parts = Composition()
handler = snapshot_writer(_parts.publish_snapshot(), _parts.gate(), _parts.stages())
