"""Reduced botocore models: the called operations and the shapes they reach, without documentation."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, Final

from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

Model = dict[str, Any]

# Operations that the adapters call, by botocore's service name; a test compares this table with their source.
CALLED_OPERATIONS: Final[dict[str, frozenset[str]]] = {
    "dynamodb": frozenset(
        {
            "BatchGetItem",
            "DeleteItem",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "TransactWriteItems",
            "UpdateItem",
        }
    ),
    "events": frozenset({"PutEvents"}),
    "s3": frozenset(
        {
            "AbortMultipartUpload",
            "CompleteMultipartUpload",
            "CopyObject",
            "CreateMultipartUpload",
            "DeleteObject",
            "GetObject",
            "HeadObject",
            "ListObjectsV2",
            "ListParts",
            "PutObject",
            "UploadPart",
        }
    ),
    "secretsmanager": frozenset({"GetSecretValue"}),
    "sqs": frozenset({"GetQueueAttributes", "SendMessage"}),
}
# Operations that botocore calls itself: S3's redirector looks up a bucket's region.
CALLED_BY_BOTOCORE: Final[dict[str, frozenset[str]]] = {"s3": frozenset({"HeadBucket"})}

MODEL: Final = "service-2"
RULES: Final = "endpoint-rule-set-1"
_REFERENCES: Final = ("member", "key", "value")
_DOCUMENTATION_KEYS: Final = frozenset({"documentation", "documentationUrl"})
_ENDPOINTS: Final = "endpoints"


def trim_models(data: Path) -> None:
    """Reduce botocore's `data` folder to the called operations, as plain JSON with reproducible bytes.

    Zipped models are unzipped: the bundle is compressed as a whole, and a cold start saves one step.
    """
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    kept = {f"{_ENDPOINTS}.json": _called_endpoints(loader.load_data(_ENDPOINTS))}
    for service in CALLED_OPERATIONS:
        version = loader.determine_latest_version(service, MODEL)
        kept[f"{service}/{version}/{MODEL}.json"] = trim_model(
            loader.load_service_model(service, MODEL, version), operations(service)
        )
        kept[f"{service}/{version}/{RULES}.json"] = loader.load_service_model(service, RULES, version)
    for folder in [path for path in data.iterdir() if path.is_dir()]:
        shutil.rmtree(folder)
    for name, content in kept.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def operations(service: str) -> frozenset[str]:
    """Return the operations of a service that stay in its model."""
    return CALLED_OPERATIONS[service] | CALLED_BY_BOTOCORE.get(service, frozenset())


def trim_model(model: Model, operation_names: Collection[str]) -> Model:
    """Return a model with the wanted operations and the shapes they reach, without documentation."""
    kept = {name: model["operations"][name] for name in sorted(operation_names)}
    reached = _reachable_shapes(
        model["shapes"], {name for operation in kept.values() for name in _shapes_of(operation)}
    )
    shapes = {name: model["shapes"][name] for name in sorted(reached)}
    rest = {name: value for name, value in model.items() if name not in _DOCUMENTATION_KEYS}
    return {**rest, "operations": _without_documentation(kept), "shapes": _without_documentation(shapes)}


def _shapes_of(operation: Model) -> Iterator[str]:
    for place in (operation.get("input"), operation.get("output"), *operation.get("errors", ())):
        if place is not None:
            yield place["shape"]


def _reachable_shapes(shapes: Model, start: set[str]) -> set[str]:
    reached: set[str] = set()
    frontier = start
    while frontier:
        reached |= frontier
        frontier = {name for shape in frontier for name in _shapes_referenced_by(shapes[shape])} - reached
    return reached


def _shapes_referenced_by(shape: Model) -> Iterator[str]:
    for member in (
        *shape.get("members", {}).values(),
        *(shape[each] for each in _REFERENCES if each in shape),
    ):
        yield member["shape"]


def _without_documentation(described: Any) -> Any:  # noqa: ANN401 - JSON
    """Remove documentation texts. A shape member can have the same name, but it is an object and stays."""
    if isinstance(described, list):
        return [_without_documentation(each) for each in described]
    if not isinstance(described, dict):
        return described
    return {
        name: _without_documentation(value)
        for name, value in described.items()
        if not (name in _DOCUMENTATION_KEYS and isinstance(value, str))
    }


def _called_endpoints(endpoints: Model) -> Model:
    """Keep only the called services; each cold start parses this file (1.2 MB whole, 30 kB reduced)."""
    partitions = [
        {
            **partition,
            "services": {
                name: each for name, each in partition["services"].items() if name in CALLED_OPERATIONS
            },
        }
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}
