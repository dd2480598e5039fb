"""Read the active policy of a world, and the history of its activations."""

import re
from dataclasses import dataclass
from typing import Any

from functions.evaluation.policies.answers import activation_answer
from functions.evaluation.policies.ports import ActivationLog
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from risk_hub_contracts.api.policy_queries import ActivationsQuery
from risk_hub_contracts.base.problems import NO_ACTIVE_POLICY, ProblemError

Document = dict[str, Any]
POSITION = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class ReadActivations:
    """Read activations. Every method may raise DependencyUnavailableError."""

    activations: ActivationLog

    def active(self, world_id: str) -> Document:
        """Return the activation in force.

        Raises:
            ProblemError: `no-active-policy`.
        """
        latest = self.activations.latest(world_id)
        if latest is None:
            raise ProblemError(NO_ACTIVE_POLICY, f"no evaluation policy was activated for world {world_id!r}")
        return activation_answer(latest)

    def history(self, world_id: str, query: ActivationsQuery) -> Document:
        """Return one page of the activations of a world, newest first.

        Raises:
            ProblemError: `cursor-invalid`.
        """
        bound = {"activations": world_id}
        before = None if query.cursor is None else int(decode_cursor(bound, query.cursor, POSITION))
        found = self.activations.page(world_id, before, query.limit + 1)
        shown = found[: query.limit]
        more = encode_cursor(bound, str(shown[-1].sequence)) if len(found) > len(shown) else None
        return {"activations": [activation_answer(each) for each in shown], "next_cursor": more}
