"""Write, read and remove the exit policy of a world, and keep each of its versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.ports import Clock
from functions.hub.use_cases.register_worlds import PutResult
from functions.hub.world_ports import (
    LatestScenarios,
    NoteKind,
    NoteWrite,
    PolicyVersionNote,
    PolicyVersions,
    ScenarioNames,
    StoredNote,
    WorldRegistry,
)
from risk_hub_contracts.base.problems import (
    POLICY_VERSION_CONFLICT,
    POLICY_VERSION_NOT_FOUND,
    REGISTRATION_INVALID,
    ProblemError,
    Violation,
    summary,
)
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY, ExitPolicy, stored_text
from risk_hub_contracts.policies.policy_checks import uncertain_limits, violations_of

Document = dict[str, Any]
EXIT_POLICY: NoteKind = "exit_policy"
SCENARIOS_SHOWN_MAX_COUNT = 10


@dataclass(frozen=True, slots=True)
class RegisterPolicies:
    """The exit policy of one world and stage; a version of it never changes (ADR-0045).

    Attributes:
        legacy_method: whether this deployment computes `legacy_v1`.

    All methods may raise DependencyUnavailableError.
    """

    registry: WorldRegistry
    versions: PolicyVersions
    scenarios: LatestScenarios
    clock: Clock
    legacy_method: bool = False

    def set_policy(self, world_id: str, stage: str, policy: ExitPolicy, by: str) -> PutResult:
        """Put a policy in force from the next evaluation on; a repeated request changes nothing.

        Raises:
            ProblemError: `registration-invalid` if a limit can never fire; `policy-version-conflict` if the version
                was stored with other content.
        """
        if violations := violations_of(policy, legacy_method=self.legacy_method):
            raise ProblemError(REGISTRATION_INVALID, summary(violations, "The policy"), violations)
        in_force = self.registry.get(world_id, stage, EXIT_POLICY)
        self._keep_version(world_id, stage, in_force)
        self._store_version(world_id, stage, policy, by)
        created = in_force is None
        if in_force is None or _parse(in_force.text) != policy:
            writing = NoteWrite(stored_text(policy), self.clock(), by)
            in_force = self.registry.put(world_id, stage, EXIT_POLICY, writing).stored_note
        warnings = [*uncertain_limits(policy), *self._unknown_scenarios(world_id, stage, policy)]
        answer = _answer(world_id, stage, policy, in_force)
        listed = [{"pointer": each.pointer, "detail": each.detail} for each in warnings]
        return PutResult({**answer, "warnings": listed}, created)

    def policy(self, world_id: str, stage: str) -> Document:
        """Return the policy in force, the stored one or else the default, and the stored versions."""
        in_force = self.registry.get(world_id, stage, EXIT_POLICY)
        versions = [
            {"version": each.version, "set_at": format_instant(each.set_at), "set_by": each.set_by}
            for each in self.versions.list(world_id, stage)
        ]
        policy = DEFAULT_POLICY if in_force is None else _parse(in_force.text)
        return {**_answer(world_id, stage, policy, in_force), "versions": versions}

    def version(self, world_id: str, stage: str, version: str) -> Document:
        """Return one version: stored, in force since release 1.0, or the default.

        Raises:
            ProblemError: `policy-version-not-found`.
        """
        in_force = self.registry.get(world_id, stage, EXIT_POLICY)
        current = DEFAULT_POLICY if in_force is None else _parse(in_force.text)
        stored = self.versions.get(world_id, stage, version)
        if stored is not None:
            policy = _parse(stored.text)
            return _answer(world_id, stage, policy, stored, in_force=policy == current)
        if current.version == version:
            return _answer(world_id, stage, current, in_force)
        if version == DEFAULT_POLICY.version:
            return _answer(world_id, stage, DEFAULT_POLICY, None, in_force=False)
        raise ProblemError(
            POLICY_VERSION_NOT_FOUND,
            f"world {world_id!r} has no exit policy of version {version!r} at stage {stage!r}",
        )

    def remove_policy(self, world_id: str, stage: str) -> None:
        """Put the default policy in force; the stored versions stay."""
        self._keep_version(world_id, stage, self.registry.get(world_id, stage, EXIT_POLICY))
        self.registry.remove(world_id, stage, EXIT_POLICY)

    def _keep_version(self, world_id: str, stage: str, in_force: StoredNote | None) -> None:
        """Store the version in force, which release 1.0 stored without its version."""
        if in_force is not None:
            version = _parse(in_force.text).version
            note = PolicyVersionNote(version, in_force.text, in_force.set_at, in_force.set_by)
            self.versions.put_once(world_id, stage, note)

    def _store_version(self, world_id: str, stage: str, policy: ExitPolicy, by: str) -> None:
        if policy.version == DEFAULT_POLICY.version and policy != DEFAULT_POLICY:
            raise _conflict(policy, "is the default policy")
        note = PolicyVersionNote(policy.version, stored_text(policy), self.clock(), by)
        stored = self.versions.put_once(world_id, stage, note)
        if _parse(stored.text) != policy:
            since = f"was stored at {format_instant(stored.set_at)} by {stored.set_by}"
            raise _conflict(policy, since)

    def _unknown_scenarios(self, world_id: str, stage: str, policy: ExitPolicy) -> Iterator[Violation]:
        if not any(limit.scenario for limit in policy.stress):
            return
        known = self.scenarios(world_id, stage)
        for index, limit in enumerate(policy.stress):
            if limit.scenario is not None and limit.scenario not in known.names:
                text = f"{_known_text(known)}; without it on_missing ({limit.on_missing}) applies"
                yield Violation(f"/stress/{index}/scenario", text)


def _known_text(known: ScenarioNames) -> str:
    if known.version is None:
        return "no stress report on the latest snapshot of this stage exists yet, so the name was not checked"
    shown = sorted(known.names)[:SCENARIOS_SHOWN_MAX_COUNT]
    more = ", ..." if len(shown) < len(known.names) or not known.complete else ""
    return f"the latest snapshot {known.version} has the scenarios: {', '.join(shown) or 'none'}{more}"


def _conflict(policy: ExitPolicy, stored: str) -> ProblemError:
    return ProblemError(POLICY_VERSION_CONFLICT, f"version {policy.version!r} {stored} with other content")


def _parse(text: str) -> ExitPolicy:
    return ExitPolicy.model_validate_json(text, extra=UNKNOWN_MEMBERS)


def _answer(
    world_id: str,
    stage: str,
    policy: ExitPolicy,
    note: StoredNote | PolicyVersionNote | None,
    *,
    in_force: bool = True,
) -> Document:
    audit = {} if note is None else {"set_at": format_instant(note.set_at), "set_by": note.set_by}
    return {
        "world_id": world_id,
        "stage": stage,
        "policy": policy.model_dump(mode="json", exclude_none=True),
        "stored": note is not None,
        "in_force": in_force,
        **audit,
    }
