"""Read whose verdict decides in a world, and the history of the changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.evaluation.rollout.answers import change_answer, flags_answer
from functions.evaluation.rollout.ports import RolloutLog
from functions.evaluation.rollout.rollout_records import NEVER_SET, RolloutChange, RolloutFlag
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from risk_hub_contracts.api.policy_queries import RolloutHistoryQuery
from risk_hub_contracts.policies.evaluation_policy import Stage

Document = dict[str, Any]
POSITION = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class ReadRollout:
    """Read flags and changes. Every method may raise DependencyUnavailableError."""

    log: RolloutLog

    def flag(self, world_id: str, stage: Stage) -> RolloutFlag:
        """Return the flag in force of a stage; one query."""
        return flags_after(self.log.latest(world_id)).get(stage, NEVER_SET)

    def flags(self, world_id: str) -> Document:
        """Return the flags in force of every stage; one query."""
        return flags_answer(world_id, flags_after(self.log.latest(world_id)))

    def history(self, world_id: str, query: RolloutHistoryQuery) -> Document:
        """Return one page of the changes of a world, newest first.

        Raises:
            ProblemError: `cursor-invalid`.
        """
        bound = {"rollout": world_id}
        before = None if query.cursor is None else int(decode_cursor(bound, query.cursor, POSITION))
        found = self.log.page(world_id, before, query.limit + 1)
        shown = found[: query.limit]
        more = encode_cursor(bound, str(shown[-1].sequence)) if len(found) > len(shown) else None
        return {"changes": [change_answer(each) for each in shown], "next_cursor": more}


def flags_after(latest: RolloutChange | None) -> Mapping[Stage, RolloutFlag]:
    """Return the flags after the latest change; a stage that nobody set is absent."""
    return {} if latest is None else latest.flags
