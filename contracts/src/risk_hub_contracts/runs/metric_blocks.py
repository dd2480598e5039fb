"""Metrics of one strategy in blocks: finite numbers, found by paths such as `returns.sharpe`.

A path is the block and the names below it, joined by dots. A name may itself contain dots, so that a scenario
may have any name; two members with the same path are refused. `null` is a metric that could not be computed.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from typing_extensions import TypeAliasType

from risk_hub_contracts.base.limits import (
    METRIC_BLOCKS_MAX_COUNT,
    METRIC_TREE_MAX_DEPTH,
    METRICS_MAX_COUNT,
    NUMBER_MAX_ABS,
)
from risk_hub_contracts.base.name_types import Name
from risk_hub_contracts.base.violations import UNION_TAG

__all__ = ["KNOWN_BLOCKS", "MetricBlock", "MetricBlocks", "metric_paths"]

BLOCK_PATTERN: Final = "^[a-z][a-z0-9_]{0,63}$"
_TREE: Final = f"{UNION_TAG}tree"
_NUMBER: Final = f"{UNION_TAG}number"


def _kind(value: object) -> str:
    return _TREE if isinstance(value, Mapping) else _NUMBER


Metric = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-NUMBER_MAX_ABS, le=NUMBER_MAX_ABS)]
if TYPE_CHECKING:
    MetricBlock = dict[str, Any]
else:
    MetricBlock = TypeAliasType(
        "MetricBlock",
        dict[
            Name,
            Annotated[
                Annotated[Metric | None, Tag(_NUMBER)] | Annotated["MetricBlock", Tag(_TREE)],
                Discriminator(_kind),
            ],
        ],
    )
"""A tree of names whose leaves are numbers or null."""


class MetricBlocks(BaseModel):
    """The metrics of one strategy. Further blocks are allowed; all numbers of all blocks count for the limits.

    `returns` holds performance (`sharpe`, `max_drawdown`, `gain_to_pain_ratio`), `sample` the amount and the age
    of the data, `risk` VaR, ES and liquidity, `robustness` PSR, DSR and the halves of the sample, `stress` the
    metrics of each scenario, `live` those of each realised window, `diagnostics` everything else.
    """

    model_config = ConfigDict(
        frozen=True, extra="allow", json_schema_extra={"propertyNames": {"pattern": BLOCK_PATTERN}}
    )
    __pydantic_extra__: dict[str, MetricBlock]

    returns: MetricBlock = {}
    sample: MetricBlock = {}
    risk: MetricBlock = {}
    robustness: MetricBlock = {}
    diagnostics: MetricBlock = {}
    stress: MetricBlock = {}
    live: MetricBlock = {}

    @model_validator(mode="before")
    @classmethod
    def _refuse_excessive_trees(cls, document: Any) -> Any:  # noqa: ANN401 - pydantic refuses other types
        """Refuse input that is too deep or too large before pydantic walks it recursively."""
        if isinstance(document, Mapping):
            _check_extent(document)
        return document

    @model_validator(mode="after")
    def _one_member_per_path(self) -> Self:
        for name in self.model_extra or {}:
            if re.fullmatch(BLOCK_PATTERN[1:-1], name) is None:
                raise ValueError(f"the name of a block must match {BLOCK_PATTERN}; this is {name[:64]!a}")
        seen = set()
        for name, _ in _leaves(self.document()):
            if name in seen:
                raise ValueError(f"two members have the path {name!r}; keep one")
            seen.add(name)
        return self

    def document(self) -> dict[str, Any]:
        """Return the blocks that have members, JSON-ready."""
        blocks = {name: getattr(self, name) for name in type(self).model_fields} | (self.model_extra or {})
        return {name: block for name, block in blocks.items() if block}


KNOWN_BLOCKS: Final = tuple(MetricBlocks.model_fields)


def metric_paths(blocks: MetricBlocks) -> dict[str, float]:
    """Return each number by its path; a metric that could not be computed (null) is left out."""
    return {path: value for path, value in _leaves(blocks.document()) if value is not None}


def _leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    pending: list[tuple[str, Any]] = list(document.items())
    while pending:
        path, value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend((f"{path}.{name}", child) for name, child in value.items())
        else:
            yield path, value


def _check_extent(document: Mapping[Any, Any]) -> None:
    """Refuse too many blocks, too many metrics or too many levels.

    Raises:
        ValueError: one of them exceeds its limit.
    """
    if len(document) > METRIC_BLOCKS_MAX_COUNT:
        raise ValueError(f"must have at most {METRIC_BLOCKS_MAX_COUNT} blocks; this has {len(document)}")
    level, depth, count = list(document.values()), 0, 0
    while level:
        trees = [tree for tree in level if isinstance(tree, Mapping)]
        count += len(level) - len(trees)
        if count > METRICS_MAX_COUNT:
            raise ValueError(f"must have at most {METRICS_MAX_COUNT} metrics")
        if trees and depth >= METRIC_TREE_MAX_DEPTH:
            raise ValueError(f"must have at most {METRIC_TREE_MAX_DEPTH} levels of names below a block")
        level, depth = [child for tree in trees for child in tree.values()], depth + 1
