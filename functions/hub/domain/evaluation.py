"""A risk report as the evaluation store keeps it."""

from dataclasses import dataclass

from risk_hub_contracts.risk import RiskReport


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One append-only record: the report, and the request that its snapshot came with."""

    report: RiskReport
    correlation_id: str | None = None

    @property
    def evaluation_id(self) -> str:
        """Return the record's key within its world: one per snapshot and engine version (INV-05)."""
        return risk_evaluation_prefix(self.report.version) + self.report.engine_version


def risk_evaluation_prefix(version: str) -> str:
    """Return what the keys of all risk reports on one snapshot version begin with; a version holds no slash."""
    return f"risk/{version}/"
