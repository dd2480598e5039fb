"""Exit signals of one evaluation, as they are stored."""

from dataclasses import dataclass
from datetime import datetime

from functions.evaluation.exits.due_signals import DueSignal, cool_down_window
from functions.evaluation.exits.readings import AnyReport
from risk_hub_contracts.base.times import format_instant, parse_instant
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.reports.exit_signal import ExitSignal

ENGINE_VERSION = "2.0.0"


@dataclass(frozen=True, slots=True)
class SignalContext:
    """Facts that all signals of one evaluation share."""

    report: AnyReport
    policy: ExitPolicy
    strategy: str
    now: datetime

    @property
    def window(self) -> str:
        """Return the start of the cool-down window that contains the snapshot's `as_of`."""
        as_of = parse_instant(self.report.as_of)
        return format_instant(cool_down_window(as_of, self.policy.cool_down_seconds))

    def signal(self, due: DueSignal) -> ExitSignal:
        """Return the signal of a verdict that is due."""
        report, breach = self.report, due.breach
        return ExitSignal(
            world_id=report.world_id,
            version=report.version,
            content_hash=report.content_hash,
            as_of=report.as_of,
            stage=report.stage,
            actor=report.actor,
            strategy=self.strategy,
            rule=breach.rule,
            action=breach.action,
            ratio=breach.ratio,
            asset=breach.asset,
            reason=breach.reason,
            cause=breach.cause or breach.reason,
            detail=breach.detail,
            metrics=dict(breach.metrics),
            policy_version=self.policy.version,
            engine_version=ENGINE_VERSION,
            window=self.window,
            cool_down_seconds=self.policy.cool_down_seconds,
            emitted_at=format_instant(self.now),
            sequence=due.sequence,
        )
