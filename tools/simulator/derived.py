"""Invariants of everything derived from snapshots: effects, numbers, signals."""

from math import isclose

from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport
from tools.simulator.hub import Hub
from tools.simulator.ledger import Key, require
from tools.simulator.model import Commit
from tools.simulator.signals import check_signals

NUMBERS_TOLERANCE = 1e-9
KINDS = {"risk_engine": "risk", "stress_engine": "stress"}


def check_derived(hub: Hub) -> None:
    """Check that each effect took place once, from verified inputs, and that no other effect did."""
    _expired_only_on_request(hub)
    for commit in hub.ledger.commits:
        for queue in hub.rules["risk_snapshot_updated"]:
            _evaluated_once(hub, commit, queue.name)
    for key, evaluation in hub.ledger.reports.items():
        kept = hub.reports.store.rows.get(key)
        require(kept == evaluation, "INV-05", f"{key} was replaced", evaluation.report.version)
        _numbers_are_correct(hub, evaluation.report)
        _forecast_is_stored(hub, evaluation.report)
    _noted_once(hub)
    if hub.runs_all_engines:
        check_signals(hub)


def _evaluated_once(hub: Hub, commit: Commit, worker: str) -> None:
    version, kind = commit.content.version, KINDS[worker]
    outcomes = hub.ledger.outcomes(worker, commit.key, "risk_snapshot_updated")
    require(bool(outcomes), "INV-04", f"{worker} never handled {commit.key}", version)
    require(outcomes.count("evaluated") <= 1, "INV-05", f"{worker} evaluated {commit.key} twice", version)
    if not _has_report(hub, commit.key, kind):
        require(set(outcomes) == {"expired"}, "INV-05", f"{commit.key}: {outcomes} and no effect", version)


def _expired_only_on_request(hub: Hub) -> None:
    """Check that a report on an expired snapshot was requested explicitly, and is marked as such (INV-15)."""
    for (world_id, _), record in hub.ledger.reports.items():
        if record.kind == "exit":
            continue
        commit = hub.ledger.commit_of(world_id, record.report.version)
        was_past = commit.expires_at <= parse_instant(record.report.evaluated_at)
        require(
            record.history or not was_past, "INV-15", f"{record.evaluation_id} on the past", commit.key[1]
        )


def _has_report(hub: Hub, key: Key, kind: str) -> bool:
    return any(
        (world, e.report.version) == key and e.kind == kind for (world, _), e in hub.ledger.reports.items()
    )


def _noted_once(hub: Hub) -> None:
    noted, wanted = hub.ledger.effects, [e for e in hub.ledger.reports.values() if e.kind != "stress"]
    require(set(noted.values()) <= {1}, "INV-05", f"effects of the second worker: {dict(noted)}")
    require(len(noted) == len(wanted), "INV-04", "an event had no effect at the second worker")


def _forecast_is_stored(hub: Hub, report: RiskReport | StressReport | ExitSignal) -> None:
    """Check that a risk report's forecast was stored before the report, with the same numbers."""
    if not isinstance(report, RiskReport):
        return
    as_of = parse_instant(report.as_of)
    store = hub.forecasts.store
    ids = store.newest_ids(report.world_id, report.stage, as_of, as_of, limit=1_000)
    found = store.load(report.world_id, ids)
    stored_tails = [each.tails for each in found if each.version == report.version]
    require(
        len(stored_tails) == 1, "INV-05", f"{len(stored_tails)} forecasts of {report.version}", report.version
    )


def _numbers_are_correct(hub: Hub, report: RiskReport | StressReport | ExitSignal) -> None:
    content = hub.ledger.commit_of(report.world_id, report.version).content
    if isinstance(report, RiskReport):
        numbers = {(m.measure, m.confidence_bps, m.method): m.value for m in report.measures}
        damaged = any(given.sha256 in hub.ledger.damaged for given in report.inputs)
        volatility = numbers["volatility", None, "parametric_normal"]
        _check_number("the volatility", report.version, volatility, content.volatility(), damaged=damaged)
        historical = numbers["value_at_risk", 9500, "historical"]
        _check_number(
            "the value at risk", report.version, historical, content.value_at_risk(), damaged=damaged
        )
    elif isinstance(report, StressReport):
        loss = report.losses[0].value if report.losses else None
        damaged = report.input.sha256 in hub.ledger.damaged
        _check_number("the stress loss", report.version, loss, content.stress_loss(), damaged=damaged)


def _check_number(name: str, version: str, got: float | None, wanted: float | None, *, damaged: bool) -> None:
    """Check one number; it may be missing only without an input or if its blob was once damaged (INV-06)."""
    if got is None:
        require(wanted is None or damaged, "INV-06", f"{name} of {version} is missing", version)
        return
    true = wanted is not None and isclose(got, wanted, rel_tol=NUMBERS_TOLERANCE, abs_tol=NUMBERS_TOLERANCE)
    require(true, "INV-06", f"{name} of {version} is {got}, not {wanted}", version)
