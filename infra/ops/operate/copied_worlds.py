"""Verification of a copy: counts and digests of each world in the old and in the new table."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from infra.ops.operate.old_snapshots import Item, Pair, content_hash, path

DIGEST_MODULUS: Final = 2**256
NAMED_MAX_COUNT: Final = 10


@dataclass(slots=True)
class Tally:
    """Number and digest of snapshots.

    The digest is the sum of SHA-256 of version and content hash modulo 2^256, as in the history of a world
    (`functions/history/segment.py`), so it does not depend on the order.
    """

    count: int = 0
    total: int = 0

    def add(self, item: Item) -> None:
        """Count one item."""
        text = f"{item['version']['S']}\n{content_hash(item)}"
        self.total = (self.total + int(hashlib.sha256(text.encode()).hexdigest(), 16)) % DIGEST_MODULUS
        self.count += 1

    @property
    def digest(self) -> str:
        """Return the digest in hexadecimal digits."""
        return f"{self.total:064x}"


@dataclass(slots=True)
class CopiedWorld:
    """The snapshots of a world in the old table, and those of them that the new table has."""

    old: Tally = field(default_factory=Tally)
    new: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Verification:
    """What the comparison of both tables found.

    Attributes:
        worlds: the tallies of each world, sorted by its id.
        missing: number of old items without a copy.
        moved: number of copies that history holds already.
        different: old items whose key has another snapshot in the new table, as `world/version`.
    """

    worlds: dict[str, CopiedWorld]
    missing: int
    moved: int
    different: list[str]

    @property
    def passed(self) -> bool:
        """Return whether the new table has every snapshot of the old one."""
        return (
            not self.missing
            and not self.different
            and all(each.old == each.new for each in self.worlds.values())
        )

    def reasons(self) -> str:
        """Return what is wrong, as a sentence."""
        named = ", ".join(self.different[:NAMED_MAX_COUNT])
        return (
            f"Snapshots without a copy: {self.missing}. Keys with another snapshot in the new table: "
            f"{len(self.different)}{f' ({named})' if named else ''}."
        )


def verify(pages: Iterable[Sequence[Pair]]) -> Verification:
    """Compare every item of the old table with the item under its key in the new table."""
    worlds: dict[str, CopiedWorld] = defaultdict(CopiedWorld)
    found = Verification({}, 0, 0, [])
    for pair in (pair for page in pages for pair in page):
        world = worlds[pair.old["world_id"]["S"]]
        world.old.add(pair.old)
        if pair.new is None:
            found.missing += 1
            continue
        world.new.add(pair.new)
        found.moved += pair.state == "moved"
        if pair.state == "different":
            found.different.append(path(pair.old))
    found.worlds = dict(sorted(worlds.items()))
    return found
