"""Scenario names of the latest snapshot of a world and stage, from its stress report."""

from dataclasses import dataclass

from functions.evaluation.ports import Reports
from functions.hub.domain.ordering import SEPARATOR
from functions.hub.ports import WorldStore
from functions.hub.world_ports import ScenarioNames


@dataclass(frozen=True, slots=True)
class ReportedScenarios:
    """Reads the head of the world and the newest stress report on it: two requests."""

    worlds: WorldStore
    reports: Reports

    def __call__(self, world_id: str, stage: str) -> ScenarioNames:
        """See LatestScenarios."""
        heads = [head for head in self.worlds.heads(world_id) if head is not None and head.stage == stage]
        if not heads:
            return ScenarioNames()
        version = heads[0].order.rpartition(SEPARATOR)[2]
        report = self.reports.newest_report("stress", world_id, version)
        if report is None:
            return ScenarioNames()
        document = report.document
        names = frozenset(loss["scenario"] for loss in document["losses"])
        return ScenarioNames(version, names, complete=not document["scenarios_omitted"])
