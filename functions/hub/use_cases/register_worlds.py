"""Write the expectation of a world."""

from dataclasses import dataclass
from typing import Any

from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.ports import Clock
from functions.hub.world_ports import NoteKind, NoteWrite, StoredNote, WorldRegistry
from risk_hub_contracts.api.routes import ROUTES
from risk_hub_contracts.base.problems import NOTHING_EXPECTED, ProblemError
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.worlds.expectation import Expectation

Document = dict[str, Any]
EXPECTATION: NoteKind = "expectation"


@dataclass(frozen=True, slots=True)
class PutResult:
    """The answer to a PUT, and whether it created the note."""

    answer: Document
    created: bool


@dataclass(frozen=True, slots=True)
class RegisterWorlds:
    """Writes, reads and removes the notes of one world and stage; the last writer wins.

    All methods may raise DependencyUnavailableError.
    """

    registry: WorldRegistry
    clock: Clock

    def set_expectation(self, world_id: str, stage: str, wanted: Expectation, by: str) -> PutResult:
        """Expect snapshots of the world from now on, within these limits.

        An enabled world has as much time for its first snapshot as a newly registered one.
        """
        text = wanted.model_dump_json(by_alias=True)
        writing = NoteWrite(text, self.clock(), by, in_force=wanted.enabled)
        written = self.registry.put(world_id, stage, EXPECTATION, writing)
        return PutResult(_expectation(world_id, stage, written.stored_note), written.created)

    def expectation(self, world_id: str, stage: str) -> Document:
        """Return the world's expectation.

        Raises:
            ProblemError: `nothing-expected`.
        """
        stored_note = self.registry.get(world_id, stage, EXPECTATION)
        if stored_note is None:
            path = ROUTES["expect_world"].path.format(world_id=world_id)
            raise ProblemError(
                NOTHING_EXPECTED,
                f"world {world_id!r} has no expectation at stage {stage!r}; PUT {path}?stage={stage} registers one",
            )
        return _expectation(world_id, stage, stored_note)

    def remove_expectation(self, world_id: str, stage: str) -> None:
        """Remove the world's expectation; its snapshots and its head stay."""
        self.registry.remove(world_id, stage, EXPECTATION)


def _expectation(world_id: str, stage: str, stored_note: StoredNote) -> Document:
    expectation = Expectation.model_validate_json(stored_note.text, extra=UNKNOWN_MEMBERS)
    return {
        "world_id": world_id,
        "stage": stage,
        "expectation": expectation.model_dump(mode="json", by_alias=True),
        "expected_since": format_instant(stored_note.since),
        **_audit_fields(stored_note),
    }


def _audit_fields(stored_note: StoredNote) -> Document:
    return {"set_at": format_instant(stored_note.set_at), "set_by": stored_note.set_by}
