"""Verdicts on the limits of a policy: which ones fired, which are met, and which cannot be decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.evaluation.exit_state import Scope
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.reports.exit_signal import Action, ExitCause, ExitReason

FIXED_RATIOS: Mapping[Action, float] = {"exit": 1.0, "hold": 0.0}


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that fired.

    Attributes:
        rule: name of the rule; it depends on the limit but not on the cause.
        ratio: the share of the position to give up, 0 to 1.
        metrics: the observed value with its limit.
        asset: the asset concerned, None for the whole strategy.
        cause: detail that `reason` lacks; None if it lacks none.
    """

    rule: str
    action: Action
    ratio: float
    reason: ExitReason
    detail: str
    metrics: Mapping[str, float]
    asset: str | None = None
    scope: Scope = "snapshot"
    cause: ExitCause | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """A limit that a number meets."""

    rule: str
    detail: str
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Undecided:
    """A limit that neither fires nor is met.

    Its number is missing or meaningless, and the policy ignores this or has a separate rule for the warning.
    """

    rule: str


Verdict = Breach | Met | Undecided


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts on one report.

    A rule whose scope is in `scopes`, but that has no verdict, no longer applies.
    """

    scopes: frozenset[Scope]
    breaches: list[Breach] = field(default_factory=list)
    met: dict[str, Met] = field(default_factory=dict)
    undecided: set[str] = field(default_factory=set)

    def add(self, verdict: Verdict) -> None:
        """Add a verdict to those of its kind."""
        if isinstance(verdict, Breach):
            self.breaches.append(verdict)
        elif isinstance(verdict, Met):
            self.met[verdict.rule] = verdict
        else:
            self.undecided.add(verdict.rule)


def reduction(action: Action, ratio: float | None, limit: float, observed: float) -> float:
    """Return the share of the position to give up.

    The action or the limit fixes the share; otherwise it is the share that brings the value to the limit.
    """
    fixed = FIXED_RATIOS.get(action)
    return fixed if fixed is not None else ratio or 1 - limit / observed


def response_ratio(policy: ExitPolicy, action: Action, ratio: float | None = None) -> float:
    """Return the share of the position to give up if there is no number.

    A `reduce` without any share gives up the whole position (fail-safe).
    """
    fixed = FIXED_RATIOS.get(action)
    return fixed if fixed is not None else ratio or policy.fallback_ratio or 1.0
