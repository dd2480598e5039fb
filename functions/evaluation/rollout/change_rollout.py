"""Set whose verdict decides in a stage, or undo the last change of the stage, by appending a change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.evaluation.policies.policy_records import Author
from functions.evaluation.rollout.answers import change_answer
from functions.evaluation.rollout.ports import RolloutLog
from functions.evaluation.rollout.read_rollout import flags_after
from functions.evaluation.rollout.rollout_records import NEVER_SET, RolloutChange, RolloutFlag
from functions.hub.ports import Clock, Dependency, DependencyUnavailableError
from risk_hub_contracts.base.problems import NOTHING_TO_ROLL_BACK, ROLLOUT_OUT_OF_ORDER, ProblemError
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.evaluation_policy import STAGES, Stage
from risk_hub_contracts.policies.rollout import ChangeKind, RollbackRequest, RolloutRequest
from risk_hub_contracts.runs.decision import Decider

__all__ = ["APPEND_MAX_ATTEMPTS", "ChangeResult", "ChangeRollout"]

APPEND_MAX_ATTEMPTS = 5
"""Attempts to append after other changes of the same world."""
Flags = Mapping[Stage, RolloutFlag]


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The answer to a change, and whether this request recorded it."""

    answer: dict[str, Any]
    created: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """The change that a request leads to."""

    change: ChangeKind
    decider: Decider


@dataclass(frozen=True, slots=True)
class ChangeRollout:
    """Append changes to the history of a world; the flag in force is that of the greatest sequence."""

    log: RolloutLog
    clock: Clock

    def set(self, world_id: str, request: RolloutRequest, by: Author) -> ChangeResult:
        """Record a flag, or return the change in force if it set the same flag.

        Raises:
            ProblemError: `rollout-out-of-order` if the hub would decide before it decides in the earlier stage.
            DependencyUnavailableError: the store did not answer, or other changes came first each time.
        """

        def wanted(flag: RolloutFlag) -> Wanted | None:
            is_set = flag.sequence > 0 and flag.decider == request.decider
            return None if is_set else Wanted("set", request.decider)

        return self._append(world_id, request, by, wanted)

    def roll_back(self, world_id: str, request: RollbackRequest, by: Author) -> ChangeResult:
        """Record the flag before the last change of the stage, or return that change if it is a rollback itself.

        Raises:
            ProblemError: `nothing-to-roll-back` if nobody set the flag; see `set`.
            DependencyUnavailableError: see `set`.
        """

        def wanted(flag: RolloutFlag) -> Wanted | None:
            if flag.change is None:
                raise ProblemError(
                    NOTHING_TO_ROLL_BACK,
                    f"nobody set the flag of stage {request.stage!r} of world {world_id!r}",
                )
            return None if flag.change == "rollback" else Wanted("rollback", flag.previous)

        return self._append(world_id, request, by, wanted)

    def _append(
        self,
        world_id: str,
        request: RollbackRequest,
        by: Author,
        wanted: Callable[[RolloutFlag], Wanted | None],
    ) -> ChangeResult:
        """Append the change that follows from the flag in force, again if another change came first."""
        for _ in range(APPEND_MAX_ATTEMPTS):
            latest = self.log.latest(world_id)
            flags = flags_after(latest)
            flag = flags.get(request.stage, NEVER_SET)
            change = wanted(flag)
            if change is None:
                return ChangeResult(change_answer(self._change_of(world_id, flag)), created=False)
            _require_order(flags, request.stage, change.decider)
            appended = self._following(world_id, latest, request, change, by)
            if self.log.append(appended):
                return ChangeResult(change_answer(appended), created=True)
        raise DependencyUnavailableError(
            Dependency.POLICY_STORE, f"other changes of {world_id!r} came first {APPEND_MAX_ATTEMPTS} times"
        )

    def _change_of(self, world_id: str, flag: RolloutFlag) -> RolloutChange:
        """Return the change that set a flag."""
        (change,) = self.log.page(world_id, flag.sequence + 1, 1)
        return change

    def _following(
        self,
        world_id: str,
        latest: RolloutChange | None,
        request: RollbackRequest,
        wanted: Wanted,
        by: Author,
    ) -> RolloutChange:
        now, flags = self.clock(), flags_after(latest)
        sequence = 1 if latest is None else latest.sequence + 1
        previous = flags.get(request.stage, NEVER_SET).decider
        flag = RolloutFlag(wanted.decider, sequence, previous, wanted.change, format_instant(now), by.subject)
        return RolloutChange(
            world_id=world_id,
            sequence=sequence,
            stage=request.stage,
            change=wanted.change,
            decider=wanted.decider,
            previous=previous,
            reason=request.reason,
            changed_at=now,
            changed_by=by,
            flags={**flags, request.stage: flag},
        )


def _require_order(flags: Flags, stage: Stage, decider: Decider) -> None:
    """Refuse the hub as decider of a stage whose earlier stage it does not decide."""
    place = STAGES.index(stage)
    if decider != "hub" or place == 0:
        return
    earlier = STAGES[place - 1]
    if flags.get(earlier, NEVER_SET).decider != "hub":
        raise ProblemError(
            ROLLOUT_OUT_OF_ORDER,
            f"the hub does not decide in stage {earlier!r} yet, so it cannot decide in {stage!r}; "
            f"set {earlier!r} to 'hub' first",
        )
