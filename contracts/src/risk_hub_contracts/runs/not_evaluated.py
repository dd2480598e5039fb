"""Reason codes of extended validations that were not evaluated: a closed registry, like that of rule results.

Each code has one row in docs/guides/reason-codes.md (and .ko.md), with the same condition and remedy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["CAUSES", "Cause", "NotEvaluated"]


class NotEvaluated(StrEnum):
    """The codes of this release; a later one may add codes."""

    NO_RULE = "no_rule_of_layer"
    NO_PROFILE = "profile_missing"
    NO_LIVE_BLOCK = "live_block_missing"
    NO_EVALUATION = "evaluation_unknown"
    NO_NUMBER = "numbers_missing"


@dataclass(frozen=True, slots=True)
class Cause:
    """When a code is written, and what to do."""

    condition: str
    remedy: str


CAUSES: Final[Mapping[NotEvaluated, Cause]] = MappingProxyType(
    {
        NotEvaluated.NO_RULE: Cause(
            "The profile that judged the run has no rule of this layer.",
            "Nothing, or add such a rule to the policy and evaluate again.",
        ),
        NotEvaluated.NO_PROFILE: Cause(
            "The policy of the run has no profile for its stage.",
            "Evaluate the strategy under a policy that judges the stage.",
        ),
        NotEvaluated.NO_LIVE_BLOCK: Cause(
            "The run has no metrics in the block `live`.",
            "Send the realised metrics of the strategy in the block `live`.",
        ),
        NotEvaluated.NO_EVALUATION: Cause(
            "The run names no evaluation, so its cohort is unknown.",
            "Create the run through an evaluation of all strategies of the cohort.",
        ),
        NotEvaluated.NO_NUMBER: Cause(
            "No rule of the layer had a number to compare, and the policy ignores missing numbers.",
            "See the codes of `results`; set `on_missing` to `warn` or `fail` if the numbers are required.",
        ),
    }
)
