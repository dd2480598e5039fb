"""What must hold once everything has come to rest."""

from math import isclose

from risk_hub_contracts.risk import RiskReport
from tests.simulator.hub import Hub
from tests.simulator.intents import STAGES, WORLDS
from tests.simulator.ledger import as_stored, require
from tests.simulator.model import Commit, Question
from tests.simulator.readers import Readers

NUMBERS_TOLERANCE = 1e-9


def check_at_rest(hub: Hub, readers: Readers) -> None:
    """Check INV-01 to INV-09 over the whole history."""
    _rows_are_the_commits(hub)
    _everything_is_announced(hub)
    _heads_are_the_greatest(hub)
    for commit in hub.ledger.commits:
        _effects_are_those_of_once(hub, commit)
    for report in [evaluation.report for evaluation in hub.ledger.evaluations.values()]:
        _numbers_are_true(hub, report)
    _reads_agree_with_the_model(readers)
    readers.repeat_settled()


def _rows_are_the_commits(hub: Hub) -> None:
    rows = {key: as_stored(row) for key, row in hub.snapshots.store.rows.items()}
    for key in sorted(rows.keys() - hub.ledger.by_key.keys()):
        require(holds=False, invariant="INV-09", detail=f"{key} is visible and was never committed")
    for key, commit in hub.ledger.by_key.items():
        require(rows.get(key) == commit.stored, "INV-01", f"{key} is not what was committed", key[1])


def _everything_is_announced(hub: Hub) -> None:
    for key in (*hub.ledger.by_key, *hub.ledger.evaluations):
        require(hub.ledger.announced[key] > 0, "INV-04", f"{key} was never announced", key[1])


def _heads_are_the_greatest(hub: Hub) -> None:
    for world in WORLDS:
        for stage in STAGES:
            orders = [c for c in hub.ledger.commits if (c.key[0], c.content.stage) == (world, stage)]
            newest = max(orders, key=lambda commit: commit.order, default=None)
            head = hub.worlds.store.rows.get((world, stage))
            version = None if head is None else head.order.rpartition("|")[2]
            wanted = None if newest is None else newest.content.version
            require(version == wanted, "INV-03", f"the head of {world} {stage} is {version}, not {wanted}")


def _effects_are_those_of_once(hub: Hub, commit: Commit) -> None:
    version = commit.content.version
    handlings = hub.ledger.handlings.get(commit.key, [])
    require(bool(handlings), "INV-04", f"no worker ever handled {commit.key}", version)
    worked = [handling.outcome for handling in handlings]
    require(worked.count("evaluated") <= 1, "INV-05", f"{commit.key} was evaluated more than once", version)
    keys = [key for key, e in hub.ledger.evaluations.items() if (key[0], e.report.version) == commit.key]
    if not keys:
        require(set(worked) == {"expired"}, "INV-05", f"{commit.key}: {worked} without an effect", version)
        return
    stored = hub.evaluations.store.rows.get(keys[0])
    require(stored is hub.ledger.evaluations[keys[0]], "INV-05", f"{keys[0]} was replaced", version)
    noted = hub.ledger.effects
    require(set(noted.values()) == {1}, "INV-05", f"effects of the second worker: {dict(noted)}")
    require(len(noted) == len(hub.ledger.evaluations), "INV-04", "an evaluation had no effect downstream")


def _numbers_are_true(hub: Hub, report: RiskReport) -> None:
    content = hub.ledger.commit_of(report.world_id, report.version).content
    _number_is_true(hub, report, ("volatility", "parametric_normal", None), content.volatility())
    _number_is_true(hub, report, ("value_at_risk", "historical", 9500), content.value_at_risk())


def _number_is_true(
    hub: Hub, report: RiskReport, name: tuple[str, str, int | None], wanted: float | None
) -> None:
    """Check one number; it may be missing only where there is no input or its blob was once damaged (INV-06)."""
    (got,) = [m.value for m in report.measures if (m.measure, m.method, m.confidence_bps) == name]
    damaged = any(given.sha256 in hub.ledger.damaged for given in report.inputs)
    if got is None:
        require(wanted is None or damaged, "INV-06", f"{name} is missing", report.version)
        return
    true = wanted is not None and isclose(got, wanted, rel_tol=NUMBERS_TOLERANCE)
    require(true, "INV-06", f"{name} is {got}, not {wanted}", report.version)


def _reads_agree_with_the_model(readers: Readers) -> None:
    for world in WORLDS:
        for stage in (None, *STAGES):
            latest = Question(world, "first", stage=stage)
            history = Question(world, "page", stage=stage, include_expired=True, limit=3)
            for question in (latest, history):
                readers.check(question, readers.ask(question))
