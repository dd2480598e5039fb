"""One item of a run's chain: its members, its canonical bytes and its digest.

The digest covers the canonical bytes, and each item states the digest of the item before it. A change of any
item therefore changes the digest that the next one must state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from risk_hub_contracts.base.canonical import canonical_json, sha256_hex
from risk_hub_contracts.base.ids import ID_PATTERN, SHA256_PATTERN
from risk_hub_contracts.base.limits import RUN_ITEM_MAX_BYTES, RUN_ITEMS_MAX_COUNT
from risk_hub_contracts.base.name_types import Identifier, Name
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.runs.run_key import RunKey

__all__ = ["FIRST_SEQUENCE", "RunItem", "RunItemError", "SealedItem", "seal", "unseal"]

FIRST_SEQUENCE: Final = 1
KIND_PATTERN: Final = "^[a-z][a-z0-9_]{0,63}$"


class RunItemError(ValueError):
    """The bytes are not an item of a run, or an item exceeds a limit."""


class RunItem(BaseModel):
    """One item of a run's chain. A later release may add members, and kinds.

    `sequence` counts the items of the run from 1 and is their only order: `recorded_at` is the hub's clock,
    which may run backwards. `subject` is the person or service that the token names. `entry_id` identifies
    the request: a repeated request adds no second item. `previous_sha256` is the digest of the item before;
    null for the first.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    world_id: Identifier
    strategy_id: Name
    run_id: Identifier
    sequence: Annotated[int, Field(ge=FIRST_SEQUENCE, le=RUN_ITEMS_MAX_COUNT)]
    recorded_at: Instant
    subject: Annotated[str, Field(pattern=ID_PATTERN)]
    entry_id: Annotated[str, Field(pattern=ID_PATTERN)]
    previous_sha256: Annotated[str, Field(pattern=SHA256_PATTERN)] | None
    kind: Annotated[str, Field(pattern=KIND_PATTERN)]
    payload: dict[str, Any]

    @property
    def key(self) -> RunKey:
        """Return the run that the item belongs to."""
        return RunKey(self.world_id, self.strategy_id, self.run_id)

    def key_members(self) -> dict[str, Any]:
        """Return the members that name the run."""
        return {"world_id": self.world_id, "strategy_id": self.strategy_id, "run_id": self.run_id}


@dataclass(frozen=True, slots=True)
class SealedItem:
    """An item, its canonical bytes and their SHA-256 in hexadecimal digits."""

    item: RunItem
    data: bytes
    sha256: str

    def records(self, kind: str, payload: Mapping[str, Any]) -> bool:
        """Return whether the item has this content; subject and time do not matter."""
        return self.item.kind == kind and canonical_json(self.item.payload) == canonical_json(dict(payload))


def seal(item: RunItem) -> SealedItem:
    """Return the item with its canonical bytes and digest.

    Raises:
        RunItemError: the bytes exceed RUN_ITEM_MAX_BYTES, or a value of the payload has no canonical form.
    """
    try:
        data = canonical_json(item.model_dump())
    except ValueError as error:
        raise RunItemError(f"item {item.sequence} has no canonical form: {error}") from error
    if len(data) > RUN_ITEM_MAX_BYTES:
        raise RunItemError(
            f"an item of a run has at most {RUN_ITEM_MAX_BYTES} bytes; item {item.sequence} has {len(data)}"
        )
    return SealedItem(item, data, sha256_hex(data))


def unseal(data: bytes) -> SealedItem:
    """Return the item that the bytes hold.

    Raises:
        RunItemError: the bytes are not JSON, or not an item.
    """
    try:
        return SealedItem(RunItem.model_validate(from_json(data)), data, sha256_hex(data))
    except ValidationError as error:
        raise RunItemError(f"the bytes are not an item of a run: {error.error_count()} faults") from error
    except ValueError as error:
        raise RunItemError("the bytes are not JSON") from error
