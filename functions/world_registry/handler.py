"""Lambda entry point of world_registry."""

from functions.wiring.composition import Composition
from functions.world_registry.routes import world_registry

_parts = Composition()
handler = world_registry(_parts.register_worlds(), _parts.list_worlds(), _parts.gate(), _parts.stages())
