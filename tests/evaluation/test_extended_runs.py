"""Extended validation of the runs of a snapshot: which items each report appends, once, and what stops it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.evaluated import evaluated
from functions.evaluation.extended import append_layers, extend_runs
from functions.evaluation.extended.outcomes import ExtendedRun, RunsNotExtendedError, TooManyRunsError
from functions.evaluation.extended.report_numbers import NotAReportError
from functions.evaluation.runs.ports import ChainWrite, RefusedAppend
from functions.hub.ports import Dependency, DependencyUnavailableError
from risk_hub_contracts.base import limits
from risk_hub_contracts.runs.payloads import OverrideApproved, OverrideRequested, SnapshotReference
from risk_hub_contracts.runs.rule_result import RuleStatus
from tests.fakes.extended import (
    CONTENT_HASH,
    KEY,
    LIVE_RULE,
    VAR_RULE,
    ExtendedWorld,
    event_of,
    metrics,
    policy_of,
    policy_record,
    risk_report,
    stress_report,
)
from tests.fakes.runs import MemoryRuns, changed_item, run_key

if TYPE_CHECKING:
    from risk_hub_contracts.reports.risk import RiskReport
    from risk_hub_contracts.reports.stress import StressReport

REQUEST = OverrideRequested(override_id="o1", reason="data vendor outage")
APPROVAL = OverrideApproved(override_id="o1", expires_at="2026-02-01T00:00:00.000000Z")
ALL_LAYERS = {"portfolio": "pass", "cohort": "pass", "live": "pass", "stress": "pass"}


def contents(world: ExtendedWorld, *keys: Any) -> list[dict[str, Any]]:
    """Return what the records say, without the place of their items in the chain."""
    places = {"sequence": True, "sha256": True, "updated_at": True, "updated_by": True}
    each_place = {"__all__": {"sequence": True, "recorded_at": True}}
    return [world.record(key).model_dump(exclude={**places, "validations": each_place}) for key in keys]


def test_a_risk_report_appends_portfolio_cohort_and_live_and_a_stress_report_stress() -> None:
    world = ExtendedWorld()
    key = world.create()
    assert world.announce(risk_report()) == "evaluated"
    assert world.statuses(key) == {"cohort": "pass", "live": "pass", "portfolio": "pass"}
    assert world.announce(stress_report()) == "evaluated"
    assert world.statuses(key) == ALL_LAYERS
    items = world.runs.chain(key).items
    assert len(items) == 5
    run = world.record(key)
    assert (run.status, run.updated_by) == ("pass", append_layers.SUBJECT)
    assert run.validations["stress"].metrics == {"stress": {"crash": {"loss": 0.2}}}
    assert run.validations["portfolio"].metrics == {"risk": {"es_99": 0.06, "var_99": 0.03}}
    assert {each.report for each in run.validations.values()} == {
        f"risk/v1/{risk_report().engine_version}",
        f"stress/v1/{stress_report().engine_version}",
    }


@given(
    var=st.none() | st.floats(0, 0.1),
    loss=st.none() | st.floats(0, 0.6),
    sharpes=st.lists(st.tuples(st.floats(-2, 3), st.none() | st.floats(-2, 3)), min_size=1, max_size=4),
    again=st.lists(st.sampled_from(["risk", "stress"]), max_size=4),
)
def test_order_and_repetition_of_the_two_events_do_not_change_the_final_records(
    var: float | None,
    loss: float | None,
    sharpes: Sequence[tuple[float, float | None]],
    again: Sequence[str],
) -> None:
    reports: dict[str, RiskReport | StressReport] = {
        "risk": risk_report(var, var),
        "stress": stress_report(loss),
    }
    found = []
    for order in permutations(reports):
        world = ExtendedWorld()
        keys = [world.create(f"s{n}", metrics=metrics(*each)) for n, each in enumerate(sharpes)]
        for name in (*order, *again):
            world.announce(reports[name])
        found.append(contents(world, *keys))
        assert {len(world.runs.chain(key).items) for key in keys} == {5}
    assert found[0] == found[1]


@pytest.mark.parametrize("report", [risk_report(), stress_report()], ids=["risk", "stress"])
def test_a_repeated_event_appends_nothing_and_reads_no_policy(report: Any) -> None:
    world = ExtendedWorld()
    key = world.create()
    world.announce(report)
    before = world.runs.chain(key)
    world.policies.rows.clear()
    world.clock.advance(days=1)
    assert world.announce(report) == "repeated"
    assert world.runs.chain(key) == before


def test_a_report_of_a_later_engine_appends_its_own_items_and_a_later_pass_hides_no_failure() -> None:
    world = ExtendedWorld()
    key = world.create()
    world.announce(stress_report(0.5))
    assert world.announce(stress_report(0.1, engine_version="9.0.0")) == "evaluated"
    run = world.record(key)
    assert (run.validations["stress"].status, run.validations["stress"].worst_status) == ("pass", "fail")
    assert (run.status, run.sequence) == ("fail", 3)


@pytest.mark.parametrize(("loss", "status"), [(0.3, "pass"), (0.31, "fail"), (None, "fail")])
def test_a_missing_or_broken_stress_limit_fails_the_run_and_a_met_one_does_not(
    loss: float | None, status: RuleStatus
) -> None:
    world = ExtendedWorld()
    key = world.create()
    world.announce(stress_report(loss))
    assert world.record(key).status == status


def test_the_numbers_of_the_report_are_judged_and_not_those_of_the_caller() -> None:
    world = ExtendedWorld({"var": VAR_RULE})
    key = world.create()
    world.announce(risk_report(var=0.06))
    (result,) = world.record(key).validations["portfolio"].results
    assert (result.observed, result.reason_code, result.status) == (0.06, "above_maximum", "fail")
    other = world.create("other", "e2")
    world.announce(risk_report(var=None, engine_version="9.0.0"))
    (result,) = world.record(other).validations["portfolio"].results
    assert (result.observed, result.reason_code, result.status) == (None, "metric_missing", "fail")


def test_only_runs_of_the_same_snapshot_content_are_extended() -> None:
    world = ExtendedWorld()
    changed = SnapshotReference(version="v1", content_hash="sha256:" + "d" * 64)
    later = SnapshotReference(version="v2", content_hash=CONTENT_HASH)
    others = [world.create(f"s{n}", snapshot=each) for n, each in enumerate((changed, later, None))]
    assert world.announce(risk_report()) == "no_run"
    assert [world.statuses(key) for key in others] == [{}, {}, {}]


def test_a_run_without_a_live_block_states_a_reason_and_no_pass() -> None:
    world = ExtendedWorld()
    key = world.create(metrics=metrics(live=None))
    world.announce(risk_report())
    live = world.record(key).validations["live"]
    assert (live.status, live.reason_code, live.results) == ("not_evaluated", "live_block_missing", ())
    assert world.record(key).status == "pass"


def test_a_layer_without_a_rule_states_a_reason_and_no_pass() -> None:
    world = ExtendedWorld({"sharpe": {"kind": "performance", "measure": "sharpe", "fail": {"min": 1}}})
    key = world.create()
    world.announce(risk_report())
    world.announce(stress_report())
    found = world.record(key).validations
    assert {(each.status, each.reason_code) for each in found.values()} == {
        ("not_evaluated", "no_rule_of_layer")
    }
    assert set(found) == set(ALL_LAYERS)


def test_a_layer_that_only_ignores_missing_numbers_does_not_pass() -> None:
    world = ExtendedWorld({"live": {**LIVE_RULE, "window_days": 90}}, on_missing="ignore")
    key = world.create()
    world.announce(risk_report())
    live = world.record(key).validations["live"]
    assert (live.status, live.reason_code) == ("not_evaluated", "numbers_missing")
    assert [each.reason_code for each in live.results] == ["missing_ignored"]


def test_a_run_whose_stage_the_policy_does_not_judge_states_a_reason() -> None:
    world = ExtendedWorld()
    key = world.create(stage="live", profile=None)
    world.announce(risk_report())
    assert {each.reason_code for each in world.record(key).validations.values()} == {"profile_missing"}


def test_a_run_without_an_evaluation_has_no_cohort() -> None:
    world = ExtendedWorld()
    key = world.create(evaluation_id=None)
    world.announce(risk_report())
    assert world.record(key).validations["cohort"].reason_code == "evaluation_unknown"


def test_the_cohort_is_all_runs_of_the_same_evaluation() -> None:
    world = ExtendedWorld()
    best = world.create("best", metrics=metrics(3.0))
    middle = world.create("middle", metrics=metrics(1.5))
    worst = world.create("worst", metrics=metrics(0.5))
    alone = world.create("alone", "e2", metrics=metrics(0.9))
    world.announce(risk_report())

    def cohort(key: Any) -> dict[str, tuple[str, float | None]]:
        return {
            each.rule: (each.status, each.observed)
            for each in world.record(key).validations["cohort"].results
        }

    assert cohort(best) == {"median": ("pass", 1.5), "top": ("pass", 1)}
    assert cohort(middle) == {"median": ("pass", 1.5), "top": ("fail", 2)}
    assert cohort(worst) == {"median": ("pass", 1.5), "top": ("fail", 3)}
    assert cohort(alone) == {"median": ("fail", 0.9), "top": ("pass", 1)}


def test_a_run_that_the_report_fails_takes_no_place_in_the_ranking() -> None:
    world = ExtendedWorld()
    keys = [world.create(name) for name in ("a", "b")]
    world.announce(risk_report(var=0.06))
    for key in keys:
        results = {each.rule: each.reason_code for each in world.record(key).validations["cohort"].results}
        assert results["top"] == "not_a_candidate"


def test_an_incomplete_cohort_is_judged_after_its_last_run_was_stored_and_the_other_layers_before() -> None:
    world = ExtendedWorld()
    first = world.create("a", evaluated_count=2)
    with pytest.raises(RunsNotExtendedError, match=r"cohort_incomplete") as refused:
        world.announce(risk_report())
    assert [each.outcome for each in refused.value.failures] == ["cohort_incomplete"]
    assert set(world.statuses(first)) == {"portfolio", "live"}
    second = world.create("b", evaluated_count=2)
    assert world.announce(risk_report()) == "evaluated"
    assert set(world.statuses(first)) == set(world.statuses(second)) == {"portfolio", "live", "cohort"}
    assert len(world.runs.chain(first).items) == 4


def test_an_override_stays_in_force_after_an_extended_validation() -> None:
    world = ExtendedWorld()
    key = world.create()
    world.append(key, "o1", REQUEST)
    world.append(key, "o2", APPROVAL)
    before = world.record(key).overrides
    world.announce(stress_report(0.5))
    assert world.record(key).overrides == before
    assert world.record(key).status == "fail"


def tallied(world: ExtendedWorld) -> list[ExtendedRun]:
    """Return the list into which the worker counts from now on."""
    found: list[ExtendedRun] = []

    def tally(runs: Sequence[ExtendedRun]) -> None:
        found.extend(runs)

    world.extend = replace(world.extend, tally=tally)
    return found


def test_a_vanished_policy_fails_its_runs_alone_and_a_restored_one_completes_them() -> None:
    world = ExtendedWorld()
    other = policy_of(policy_id="other")
    good = world.create("good", policy_id="other", policy_hash=other.policy_hash)
    bad = world.create("bad", "e2")
    world.policies.rows = {
        key: policy_record(each) for key, each in [(replace(KEY, policy_id="other"), other)]
    }
    counted = tallied(world)
    with pytest.raises(
        RunsNotExtendedError, match=r"policy_missing: version '1' of policy 'core' is not stored"
    ):
        world.announce(risk_report())
    assert {each.key.strategy_id: each.outcome for each in counted} == {
        "good": "appended",
        "bad": "policy_missing",
    }
    assert (len(world.statuses(good)), world.statuses(bad)) == (3, {})
    world.policies.rows[KEY] = policy_record(world.policy)
    assert world.announce(risk_report()) == "evaluated"
    assert len(world.statuses(bad)) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: replace(record, document=record.document.replace(b"0.05", b"0.06")),
        lambda record: replace(record, document=record.document[:-1]),
        lambda record: policy_record(policy_of({"var": VAR_RULE})),  # noqa: ARG005
    ],
    ids=["changed bytes", "cut bytes", "another policy"],
)
def test_a_policy_that_is_not_the_one_that_judged_the_run_is_not_applied(
    damage: Callable[[Any], Any],
) -> None:
    world = ExtendedWorld()
    key = world.create()
    world.policies.rows[KEY] = damage(world.policies.rows[KEY])
    with pytest.raises(RunsNotExtendedError, match=r"policy_damaged"):
        world.announce(stress_report())
    assert world.statuses(key) == {}


def test_a_policy_whose_bytes_this_release_cannot_read_is_damaged() -> None:
    world = ExtendedWorld()
    record = policy_record(world.policy)
    document = record.document.replace(b'"kind":"live"', b'"kind":"new!"')
    changed = replace(record, document=document)
    world.policies.rows[KEY] = changed
    world.create(policy_hash=f"sha256:{hashlib.sha256(document).hexdigest()}")
    with pytest.raises(RunsNotExtendedError, match=r"policy_damaged.*cannot be read"):
        world.announce(stress_report())


def test_a_run_whose_items_left_the_table_is_skipped() -> None:
    world = ExtendedWorld()
    key = world.create()
    del world.runs.rows[key]
    world.runs.heads[key] = replace(world.runs.heads[key], sequence=0)
    counted = tallied(world)
    assert world.announce(risk_report()) == "skipped"
    assert [each.outcome for each in counted] == ["run_missing"]


def test_a_broken_chain_gets_no_item_and_does_not_stop_the_other_runs() -> None:
    world = ExtendedWorld()
    broken, whole = world.create("broken"), world.create("whole", "e2")
    world.runs.rows[broken][1] = changed_item(world.runs.rows[broken][1], sequence=2)
    with pytest.raises(RunsNotExtendedError, match=r"run_broken"):
        world.announce(risk_report())
    assert len(world.runs.rows[broken]) == 1
    assert len(world.statuses(whole)) == 3


def test_a_full_run_is_skipped_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    world = ExtendedWorld()
    key = world.create()
    monkeypatch.setattr("functions.evaluation.runs.append_item.RUN_ITEMS_MAX_COUNT", 2)
    counted = tallied(world)
    assert world.announce(risk_report()) == "skipped"
    assert [(each.outcome, each.statuses) for each in counted] == [("run_full", ("pass",))]
    assert len(world.runs.chain(key).items) == 2


class Racing(MemoryRuns):
    """A store in which other writers act before the appends of the worker.

    Attributes:
        before: what they do; the last one first, each before one append.
    """

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Callable[[], object]] = []

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        if self.before and writes[0].item.item.sequence > 1:
            acts, act = self.before, self.before.pop()
            self.before = []
            act()
            self.before = acts
        return super().append(writes)


def racing_world() -> tuple[ExtendedWorld, Racing]:
    world, runs = ExtendedWorld(), Racing()
    world.runs = runs
    world.extend = replace(world.extend, listed=runs, store=runs)
    return world, runs


@pytest.mark.parametrize("append", [1, 2, 3])
def test_concurrent_deliveries_of_one_event_append_each_item_once(append: int) -> None:
    world, runs = racing_world()
    keys = [world.create(name) for name in ("a", "b")]
    report = risk_report()
    turns: list[Callable[[], object]] = [lambda: world.announce(report)]
    runs.before = turns + [lambda: None] * (append - 1)
    assert world.announce(report) == ("repeated" if append == 1 else "evaluated")
    for key in keys:
        items = runs.chain(key).items
        assert len(items) == 4
        assert set(world.statuses(key)) == {"portfolio", "cohort", "live"}


def test_both_reports_at_once_append_all_layers() -> None:
    world, runs = racing_world()
    key = world.create()
    runs.before = [lambda: world.announce(stress_report())]
    world.announce(risk_report())
    assert world.statuses(key) == ALL_LAYERS


def test_items_of_other_writers_between_are_kept_and_the_layer_is_appended_behind_them() -> None:
    world, runs = racing_world()
    key = world.create()
    runs.before = [
        lambda: world.append(key, "o2", APPROVAL),
        lambda: world.append(key, "o1", REQUEST),
    ]
    assert world.announce(stress_report()) == "evaluated"
    assert world.record(key).overrides["o1"].state == "approved"
    assert world.statuses(key) == {"stress": "pass"}


def test_an_always_faster_writer_is_a_named_failure_and_the_event_can_be_repeated() -> None:
    world, runs = racing_world()
    key = world.create()

    def request(number: int) -> None:
        world.append(key, f"o{number}", REQUEST.model_copy(update={"override_id": f"o{number}"}))

    runs.before = [partial(request, number) for number in range(5)]
    with pytest.raises(RunsNotExtendedError, match=r"run_contended"):
        world.announce(stress_report())
    assert world.announce(stress_report()) == "evaluated"


def test_an_unavailable_store_stops_the_event_and_a_repetition_completes_it() -> None:
    world, runs = racing_world()
    keys = [world.create(name) for name in ("a", "b")]

    def fail() -> None:
        raise DependencyUnavailableError(Dependency.RUN_STORE, "throttled")

    runs.before = [fail, lambda: None, lambda: None, lambda: None]
    with pytest.raises(DependencyUnavailableError):
        world.announce(risk_report())
    assert world.announce(risk_report()) == "evaluated"
    assert {len(runs.chain(key).items) for key in keys} == {4}


def test_more_runs_than_the_bound_are_reported_after_the_oldest_were_extended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extend_runs, "RUNS_PER_EVENT_MAX_COUNT", 2)
    world = ExtendedWorld()
    keys = []
    for name in ("c", "b", "a"):
        keys.append(world.create(name, f"e-{name}"))
        world.clock.advance(seconds=1)
    with pytest.raises(TooManyRunsError, match=r"more than 2 runs"):
        world.announce(risk_report())
    assert [len(world.statuses(key)) for key in keys] == [3, 3, 0]
    assert limits.EVALUATED_STRATEGIES_MAX_COUNT * 2 == 2_000


def test_an_event_that_announces_no_report_is_refused() -> None:
    event = event_of(risk_report()).model_copy(update={"type": "risk_snapshot_updated"})
    with pytest.raises(NotAReportError, match="risk_snapshot_updated announces no report"):
        ExtendedWorld().extend(event)


def test_replays_and_reports_on_past_snapshots_extend_runs_like_others() -> None:
    world = ExtendedWorld()
    key = world.create()
    assert world.extend(evaluated(risk_report(), replay=True, history=True)) == "evaluated"
    assert len(world.statuses(key)) == 3


def test_members_of_a_later_release_in_a_report_are_ignored() -> None:
    world = ExtendedWorld()
    world.create()
    event = event_of(stress_report())
    later = event.model_copy(update={"data": {**event.data, "added_later": {"a": 1}}})
    assert world.extend(later) == "evaluated"


def test_the_run_of_another_world_with_the_same_snapshot_version_is_not_extended() -> None:
    world = ExtendedWorld()
    key = world.create()
    world.announce(risk_report(world_id="other"))
    assert world.statuses(key) == {}
    assert run_key().world_id != "other"
