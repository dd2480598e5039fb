"""Verification of runs and anchors for an operator: the request, and the answer that fits into one of Lambda."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from functions.evaluation.runs.verify_runs import RunScope, Verification, VerifyRuns
from risk_hub_contracts.runs.run_key import RunKey

Document = dict[str, Any]
BROKEN_SHOWN_MAX_COUNT: Final = 1_000
"""Broken links of one answer: the first of each run, at most about 500 bytes each."""


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """What to verify: all runs, those of a world or a strategy, or one run."""

    world_id: str | None = None
    strategy_id: str | None = None
    run_id: str | None = None

    def verified(self, verify: VerifyRuns) -> Verification:
        """Return the result.

        Raises:
            ValueError: a name is malformed, or a run is named without its world and strategy.
        """
        if self.run_id is None:
            return verify(RunScope(self.world_id, self.strategy_id))
        if self.world_id is None or self.strategy_id is None:
            raise ValueError("name the world and the strategy of the run")
        return verify.run(RunKey(self.world_id, self.strategy_id, self.run_id))


def verification_answer(verify: VerifyRuns, request: Mapping[str, Any]) -> Document:
    """Return the result of a verification, or `refused` with the reason.

    The broken links are the first one of each run; `broken_count` counts them all.
    """
    try:
        found = VerificationRequest(**request).verified(verify)
    except (TypeError, ValueError) as error:
        return {"refused": str(error)}
    return {
        "runs": found.runs,
        "items": found.items,
        "anchors": found.anchors,
        "last_hour": found.last_hour,
        "broken_count": len(found.broken),
        "broken": [asdict(each) for each in found.broken[:BROKEN_SHOWN_MAX_COUNT]],
    }
