"""Routes of the API and their declared methods: the source of `Allow` and of API Gateway's routes.

`HEAD` is answered wherever `GET` is, `OPTIONS` everywhere.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["METHODS_BY_ROUTE", "allowed_methods"]

_WORLD: Final = "/risk-hub/worlds/{world_id}"

METHODS_BY_ROUTE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "/risk-hub/contract": ("GET",),
        "/risk-hub/health": ("GET",),
        "/risk-hub/worlds": ("GET",),
        f"{_WORLD}/snapshots": ("GET", "POST"),
        f"{_WORLD}/snapshots/latest": ("GET",),
        f"{_WORLD}/snapshots/lookup": ("GET",),
        f"{_WORLD}/snapshots/latest/risk": ("GET",),
        f"{_WORLD}/snapshots/latest/stress": ("GET",),
        f"{_WORLD}/snapshots/{{version}}/risk": ("GET",),
        f"{_WORLD}/snapshots/{{version}}/stress": ("GET",),
        f"{_WORLD}/exit-signals": ("GET",),
        f"{_WORLD}/risk/backtest": ("GET",),
        f"{_WORLD}/blobs": ("POST",),
        f"{_WORLD}/blobs/{{sha256}}": ("GET",),
        f"{_WORLD}/blobs/{{sha256}}/complete": ("POST",),
        f"{_WORLD}/blobs/{{sha256}}/abort": ("POST",),
        f"{_WORLD}/expectations": ("GET", "PUT", "DELETE"),
        f"{_WORLD}/exit-policy": ("GET", "PUT", "DELETE"),
    }
)


def allowed_methods(path: str) -> list[str]:
    """Return a path's methods in alphabetical order, with HEAD and OPTIONS; empty for an unknown path."""
    segments = path.rstrip("/").split("/")
    for template, methods in METHODS_BY_ROUTE.items():
        if _matches(template.split("/"), segments):
            return sorted({*methods, "OPTIONS", *(("HEAD",) if "GET" in methods else ())})
    return []


def _matches(template: list[str], segments: list[str]) -> bool:
    if len(template) != len(segments):
        return False
    pairs = zip(template, segments, strict=True)
    return all(part == segment or (part[:1] == "{" and segment != "") for part, segment in pairs)
