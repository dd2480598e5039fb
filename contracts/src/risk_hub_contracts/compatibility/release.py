"""A contract as files of one folder: the frozen files of a release, or those of the working tree."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from risk_hub_contracts.base.limits import served_limits
from risk_hub_contracts.base.metrics import METRICS
from risk_hub_contracts.base.problems import PROBLEMS

Json = dict[str, Any]

RELEASED: Final = Path(__file__).resolve().parents[3] / "released"


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything of a contract that is compared.

    Attributes:
        openapi: the API.
        schemas: the JSON Schemas of bodies and files, by name.
        events: the JSON Schemas of events, by type.
        problems: each problem's status, by slug.
        limits: the limits served at `/risk-hub/contract`.
        examples: golden requests with their results.
        metrics: unit and dimension sets of each metric, by name.
    """

    openapi: Json
    schemas: dict[str, Json]
    events: dict[str, Json]
    problems: dict[str, int]
    limits: Json
    examples: list[Json]
    metrics: dict[str, Json]

    @classmethod
    def present(cls, contracts: Path, events: Path) -> Self:
        """Return the working tree's contract: generated files, and its problems, limits and metrics."""
        examples = [
            *_folder(contracts / "examples/valid").values(),
            *_folder(contracts / "examples/invalid").values(),
        ]
        return cls(
            openapi=_read(contracts / "openapi.json"),
            schemas=_folder(contracts / "schemas"),
            events=_folder(events / "schemas"),
            problems={problem.slug: problem.status for problem in PROBLEMS.values()},
            limits=served_limits(),
            examples=examples,
            metrics=declared_metrics(),
        )

    @classmethod
    def released(cls, folder: Path) -> Self:
        """Return the contract that a release froze."""
        return cls(**{name: _read(folder / f"{name}.json") for name in cls.__dataclass_fields__})

    def freeze(self, folder: Path) -> None:
        """Write the contract as the files of a release."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in self.__dataclass_fields__:
            (folder / f"{name}.json").write_text(_one_member_per_line(getattr(self, name)), encoding="utf-8")


def declared_metrics() -> dict[str, Json]:
    """Return the unit and the dimension sets of each metric that the running code declares, by name."""
    return {
        name: {"unit": metric.unit, "dimensions": [list(each) for each in metric.dimensions]}
        for name, metric in METRICS.items()
    }


def version_of(text: str) -> tuple[int, ...]:
    """Return a version `1.2.3` as a tuple of integers, for ordering."""
    return tuple(map(int, text.split(".")))


def last_release(folder: Path = RELEASED) -> Path | None:
    """Return the folder of the newest release; None before the first."""
    found = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return max(found, key=lambda path: version_of(path.name), default=None)


def _folder(folder: Path) -> dict[str, Json]:
    return {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}


def _read(path: Path) -> Any:  # noqa: ANN401 - JSON of any shape
    return json.loads(path.read_text(encoding="utf-8"))


def _one_member_per_line(document: Json | list[Json]) -> str:
    """Return JSON text with one top-level member per line, which keeps diffs of frozen files readable."""
    members = document if isinstance(document, list) else [{name: value} for name, value in document.items()]
    lines = [json.dumps(member, ensure_ascii=False) for member in members]
    if not isinstance(document, list):
        lines = [line[1:-1] for line in lines]
    opening, closing = "[]" if isinstance(document, list) else "{}"
    return f"{opening}\n" + ",\n".join(lines) + f"\n{closing}\n"
