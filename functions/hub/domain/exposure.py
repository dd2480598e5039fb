"""Limits on gross exposure of a deployment, by X-Stage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Self

from risk_hub_contracts.base.limits import GROSS_EXPOSURE_MAX_DEFAULT_RATIO
from risk_hub_contracts.base.problems import Violation

# Limits are inclusive; rounding to this many digits ignores the error of a sum of floats.
DIGITS = 9


def gross_exposure(weights: Mapping[str, float]) -> float:
    """Return the sum of the weights' magnitudes, in multiples of the portfolio's value."""
    return fsum(map(abs, weights.values()))


@dataclass(frozen=True, slots=True)
class ExposureLimits:
    """The greatest gross exposure of each X-Stage; the contract's default where a stage has no entry."""

    gross_by_stage: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the limits of a text such as `live=20,paper=100`.

        Raises:
            ValueError: an entry is not of that form.
        """
        pairs = (entry.split("=") for entry in text.split(",") if entry)
        return cls({stage: float(limit) for stage, limit in pairs})

    def gross(self, stage: str) -> float:
        """Return the greatest gross exposure that a snapshot of the stage may have."""
        return self.gross_by_stage.get(stage, GROSS_EXPOSURE_MAX_DEFAULT_RATIO)

    def violations(self, weights: Mapping[str, float], stage: str) -> Iterator[Violation]:
        """Yield one violation if the weights' gross exposure exceeds the limit of the stage."""
        gross, limit = gross_exposure(weights), self.gross(stage)
        if round(gross - limit, DIGITS) > 0:
            yield Violation(
                "/weights",
                f"have a gross exposure (sum of magnitudes) of {gross:.10g}; stage {stage!a} allows at most {limit:g}",
            )
