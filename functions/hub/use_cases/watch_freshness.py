"""Freshness monitoring: one pass over all worlds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.hub.domain.freshness import FreshnessStatus, StageTally, freshness_status, tally, worst
from functions.hub.ports import Clock
from functions.hub.world_ports import WorldRegistry
from risk_hub_contracts.base.limits import PER_WORLD_METRICS_MAX_COUNT


@dataclass(frozen=True, slots=True)
class FreshnessPass:
    """Result of one pass.

    Attributes:
        worlds: rows of the registry, expected or not.
        tallies: the counts of each stage of the allow list.
        worst: the worst of the watched worlds, at most `PER_WORLD_METRICS_MAX_COUNT`.
        unreadable: rows that could not be fully read, as `world/stage`.
    """

    worlds: int
    tallies: Mapping[str, StageTally]
    worst: Sequence[FreshnessStatus]
    unreadable: Sequence[str]


@dataclass(frozen=True, slots=True)
class WatchFreshness:
    """The monitor's pass of one minute. It stores nothing, so a repeated or missed pass leaves no trace."""

    registry: WorldRegistry
    clock: Clock
    stages: frozenset[str]

    def __call__(self) -> FreshnessPass:
        """Measure every world.

        Raises:
            DependencyUnavailableError: the store did not answer.
        """
        at = self.clock()
        statuses = [freshness_status(row, at) for row in self.registry.rows()]
        return FreshnessPass(
            worlds=len(statuses),
            tallies=tally(statuses, self.stages),
            worst=worst(statuses, self.stages, PER_WORLD_METRICS_MAX_COUNT),
            unreadable=[f"{x.row.world_id}/{x.row.stage}" for x in statuses if not x.row.readable],
        )
