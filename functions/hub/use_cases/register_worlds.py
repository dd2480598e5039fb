"""Write an operator's notes on a world: its expectation and its exit policy."""

from dataclasses import dataclass
from typing import Any

from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.ports import Clock
from functions.hub.world_ports import Note, Noted, WorldRegistry, Writing
from risk_hub_contracts.base.problems import NOTHING_EXPECTED, ProblemError
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY, ExitPolicy
from risk_hub_contracts.worlds.expectation import Expectation

Document = dict[str, Any]
EXPECTATION: Note = "expectation"
EXIT_POLICY: Note = "exit_policy"


@dataclass(frozen=True, slots=True)
class Put:
    """The answer to a PUT, and whether it created the note."""

    answer: Document
    created: bool


@dataclass(frozen=True, slots=True)
class RegisterWorlds:
    """Writes, reads and removes the notes of one world and stage; the last writer wins.

    All methods may raise UnavailableError.
    """

    registry: WorldRegistry
    clock: Clock

    def expect(self, world_id: str, stage: str, wanted: Expectation, by: str) -> Put:
        """Expect snapshots of the world from now on, within these limits.

        An enabled world has as much time for its first snapshot as a newly registered one.
        """
        text = wanted.model_dump_json(by_alias=True)
        writing = Writing(text, self.clock(), by, in_force=wanted.enabled)
        written = self.registry.put(world_id, stage, EXPECTATION, writing)
        return Put(_expectation(world_id, stage, written.noted), written.created)

    def expectation(self, world_id: str, stage: str) -> Document:
        """Return the world's expectation.

        Raises:
            ProblemError: `nothing-expected`.
        """
        noted = self.registry.get(world_id, stage, EXPECTATION)
        if noted is None:
            raise ProblemError(
                NOTHING_EXPECTED, f"nobody expects snapshots of world {world_id!r} at stage {stage!r}"
            )
        return _expectation(world_id, stage, noted)

    def forget(self, world_id: str, stage: str) -> None:
        """Remove the world's expectation; its snapshots and its head stay."""
        self.registry.remove(world_id, stage, EXPECTATION)

    def set_policy(self, world_id: str, stage: str, policy: ExitPolicy, by: str) -> Put:
        """Set the policy by which the exit engine judges the world from its next evaluation on."""
        # An earlier release refuses a stored policy with this member, so it is stored only if it has a limit.
        text = policy.model_dump_json(exclude=None if policy.gross else {"gross"})
        written = self.registry.put(world_id, stage, EXIT_POLICY, Writing(text, self.clock(), by))
        return Put(_policy(world_id, stage, written.noted), written.created)

    def policy(self, world_id: str, stage: str) -> Document:
        """Return the policy in force: the stored one, else the default."""
        noted = self.registry.get(world_id, stage, EXIT_POLICY)
        if noted is not None:
            return _policy(world_id, stage, noted)
        default = _document(DEFAULT_POLICY)
        return {"world_id": world_id, "stage": stage, "policy": default, "stored": False}

    def drop_policy(self, world_id: str, stage: str) -> None:
        """Remove the stored policy; the default policy applies again."""
        self.registry.remove(world_id, stage, EXIT_POLICY)


def _expectation(world_id: str, stage: str, noted: Noted) -> Document:
    expectation = Expectation.model_validate_json(noted.text, extra=UNKNOWN_MEMBERS)
    return {
        "world_id": world_id,
        "stage": stage,
        "expectation": expectation.model_dump(mode="json", by_alias=True),
        "expected_since": format_instant(noted.since),
        **_facts(noted),
    }


def _policy(world_id: str, stage: str, noted: Noted) -> Document:
    stored = ExitPolicy.model_validate_json(noted.text, extra=UNKNOWN_MEMBERS)
    return {
        "world_id": world_id,
        "stage": stage,
        "policy": _document(stored),
        "stored": True,
        **_facts(noted),
    }


def _document(policy: ExitPolicy) -> Document:
    return policy.model_dump(mode="json", exclude_none=True)


def _facts(noted: Noted) -> Document:
    return {"set_at": format_instant(noted.set_at), "set_by": noted.set_by}
