"""Invariants of exit signals: from the newest book only, in its order, once, and never lost."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from functions.evaluation.derived_record import AnyDerivedRecord
from risk_hub_contracts.reports.exit_signal import CLEARED, ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from tools.simulator.hub import Hub
from tools.simulator.ledger import require
from tools.simulator.model import COOL_DOWN_SECONDS, Commit, Slot

RATIO_STEP = 0.05
ROUNDING = 1e-6
STRENGTH = {"hold": 0, "reduce": 1, "exit": 2}


def check_signals(hub: Hub) -> None:
    """Check every signal against the limits, and every broken limit against the signals."""
    emitted: dict[Slot, list[AnyDerivedRecord]] = defaultdict(list)
    for record in hub.ledger.reports.values():
        if isinstance(record.report, ExitSignal):
            emitted[_slot(record.report)].append(record)
    for slot, records in emitted.items():
        _only_of_the_latest(records)
        _each_asks_for_more([record.report for record in records])
        _explained_by_limits(hub, slot, [record.report for record in records])
    _in_order_of_as_of(hub)
    for evaluation in list(hub.ledger.reports.values()):
        if not isinstance(evaluation.report, ExitSignal):
            _check_was_judged(hub, evaluation, emitted)


def _only_of_the_latest(records: Sequence[AnyDerivedRecord]) -> None:
    for record in records:
        past = record.history or record.replay or not record.is_latest
        require(
            not past, "INV-15", f"{record.evaluation_id} is not of the latest book", record.report.version
        )


def _each_asks_for_more(signals: Sequence[ExitSignal]) -> None:
    """Check the signals of one rule and window: numbered, each stronger than the last one or after an all-clear."""
    numbers = [signal.sequence for signal in signals]
    require(numbers == list(range(1, len(signals) + 1)), "INV-05", f"the signals are numbered {numbers}")
    cleared = [signal for signal in signals if signal.is_all_clear]
    require(len(cleared) <= 1, "INV-05", "a rule was cleared twice in one window")
    for last, signal in pairwise(signals):
        if not last.is_all_clear and not signal.is_all_clear:
            stronger = STRENGTH[signal.action] > STRENGTH[last.action]
            grown = signal.ratio - last.ratio >= RATIO_STEP - ROUNDING
            require(
                stronger or grown,
                "INV-05",
                f"a second signal does not ask for more: {signal}",
                signal.version,
            )


def _explained_by_limits(hub: Hub, slot: Slot, signals: Sequence[ExitSignal]) -> None:
    for signal in signals:
        causes = {
            _wanted_cause(hub, each)
            for each in hub.ledger.reports.values()
            if (each.kind, each.report.world_id, each.report.version) == (slot[2], slot[0], signal.version)
        }
        require(signal.cause in causes, "INV-05", f"no limit explains {signal}: {causes}", signal.version)


def _wanted_cause(hub: Hub, evaluation: AnyDerivedRecord) -> str:
    """Return the cause of a signal on an evaluation, or of the all-clear of an earlier one.

    A number without meaning can break a limit, but it meets none.
    """
    if not _has_number(evaluation):
        return "not_computed"
    commit = hub.ledger.by_key[evaluation.report.world_id, evaluation.report.version]
    if _breaks(commit, evaluation.kind):
        return "limit_exceeded"
    meaningless = any(warning.makes_insufficient for warning in evaluation.report.warnings)
    return "not_computed" if meaningless else CLEARED


def _in_order_of_as_of(hub: Hub) -> None:
    rules: dict[tuple[str, ...], list[ExitSignal]] = defaultdict(list)
    for record in hub.ledger.reports.values():
        if isinstance(record.report, ExitSignal):
            rules[_slot(record.report)[:3]].append(record.report)
    for signals in rules.values():
        orders = [hub.ledger.by_key[signal.world_id, signal.version].order for signal in signals]
        require(orders == sorted(orders), "INV-05", f"signals out of order: {signals}", signals[-1].version)


def _check_was_judged(
    hub: Hub, evaluation: AnyDerivedRecord, emitted: dict[Slot, list[AnyDerivedRecord]]
) -> None:
    """Check that the exit engine saw an evaluation, and that a broken limit has a signal in its window."""
    ledger, key = hub.ledger, (evaluation.report.world_id, evaluation.report.version)
    outcomes = set(ledger.outcomes("exit_engine", key, f"{evaluation.kind}_evaluated"))
    require(bool(outcomes), "INV-04", f"the exit engine never handled {evaluation.evaluation_id}", key[1])
    if evaluation.history:
        require(outcomes == {"history"}, "INV-15", f"the past was judged: {outcomes}", key[1])
        return
    commit = ledger.by_key[key]
    if "superseded" in outcomes:
        require(_is_superseded(hub, evaluation, commit), "INV-04", f"{key} was skipped: {outcomes}", key[1])
    if _wanted_cause(hub, evaluation) != CLEARED:
        signals = emitted.get(commit.slot(evaluation.kind), [])
        seen = outcomes <= {"expired", "superseded", "replay"} or bool(signals)
        require(seen, "INV-04", f"no signal for {evaluation.evaluation_id}: {outcomes}", key[1])


def _is_superseded(hub: Hub, evaluation: AnyDerivedRecord, commit: Commit) -> bool:
    """Return whether the book was not the latest, or a newer one was evaluated."""
    content = commit.content
    newer = (
        other.order > commit.order
        and (other.content.world_id, other.content.stage) == (content.world_id, content.stage)
        for other in hub.ledger.commits
    )
    return evaluation.is_latest is False or any(newer)


def _has_number(evaluation: AnyDerivedRecord) -> bool:
    report = evaluation.report
    return report.measures[0].value is not None if isinstance(report, RiskReport) else bool(report.losses)


def _breaks(commit: Commit, kind: str) -> bool:
    content = commit.content
    return content.breaks_risk_limit() if kind == "risk" else content.breaks_stress_limit()


def _slot(signal: ExitSignal) -> Slot:
    require(signal.cool_down_seconds == COOL_DOWN_SECONDS, "INV-05", "another policy was applied")
    kind = "stress" if "stress" in signal.rule else "risk"
    return signal.world_id, signal.stage, kind, signal.window
