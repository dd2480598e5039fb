"""Documents above DynamoDB's item limit of 400 kB, stored in the bucket under their digest."""

import hashlib
from dataclasses import dataclass
from typing import Any

from functions.hub.adapters.aws import dependency
from functions.hub.adapters.s3_objects import get_object, put_object_once
from functions.hub.adapters.snapshot_item import Item
from risk_hub_contracts.limits import ITEM_BODY_MAX_BYTES

PREFIX = "risk-bodies"


@dataclass(frozen=True, slots=True)
class BodyStore:
    """Chooses by size where a compressed document is stored, and loads it verified."""

    s3: Any
    bucket: str

    def place(self, world_id: str, body: bytes) -> Item:
        """Return the attributes that hold the body; store a body too large for an item in the bucket."""
        if len(body) <= ITEM_BODY_MAX_BYTES:
            return {"body": {"B": body}}
        sha256 = hashlib.sha256(body).hexdigest()
        put_object_once(self.s3, self.bucket, f"{PREFIX}/{world_id}/{sha256}", body, sha256, {})
        return {"body_sha256": {"S": sha256}}

    def load(self, world_id: str, sha256: str) -> bytes:
        """Return a body from the bucket, verified by its digest (INV-06)."""
        with dependency("the body store"):
            body = get_object(self.s3, self.bucket, f"{PREFIX}/{world_id}/{sha256}")
        if hashlib.sha256(body).hexdigest() != sha256:
            raise ValueError(f"the body {sha256} of world {world_id} does not match its digest")
        return body
