"""Lambda entry point of world_registry."""

from functions.wiring.composition import Composition
from functions.world_registry.routes import world_registry

_dependencies = Composition()
handler = world_registry(
    _dependencies.register_worlds(),
    _dependencies.list_worlds(),
    _dependencies.authenticator(),
    _dependencies.stages(),
)
