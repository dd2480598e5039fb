"""The snapshot: parse a request body, check its rules, compute its content hash."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from risk_hub_contracts.snapshot.parse import parse_snapshot
    from risk_hub_contracts.snapshot.type import Snapshot

__all__ = ["Snapshot", "parse_snapshot"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name of the package
    """Import a public name on its first use, so that a function loads only the modules that it uses."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from risk_hub_contracts.snapshot import parse  # noqa: PLC0415 - see above

    return getattr(parse, name)
