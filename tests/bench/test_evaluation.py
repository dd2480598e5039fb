"""The benchmarks of evaluation measure what their rows say."""

from datetime import timedelta

from functions.evaluation.runs.anchor_runs import ANCHOR_SETTLE, AnchorRuns
from functions.evaluation.runs.verify_runs import VerifyRuns
from risk_hub_contracts.rule_engine.evaluate import evaluate
from tests.fakes.clock import START
from tests.fakes.runs import MemoryAnchors
from tools.bench.evaluation import ITEMS_PER_RUN, RULES, STRATEGIES, large_cohort, large_policy, large_table


def test_the_measured_cohort_has_every_status_and_a_result_of_each_rule_for_each_strategy() -> None:
    cohort = large_cohort()
    assert len(cohort) == STRATEGIES
    few = dict(list(cohort.items())[:50])
    found = evaluate(large_policy(), "paper", few).strategies.values()
    assert {len(each.results) for each in found} == {RULES}
    assert {result.status for each in found for result in each.results} == {"pass", "warn", "fail"}


def test_the_measured_runs_are_sound_and_anchored() -> None:
    runs, anchors, now = large_table(3), MemoryAnchors(), START + timedelta(hours=1) + ANCHOR_SETTLE
    (anchored,) = AnchorRuns(runs, anchors, lambda: now)()
    verified = VerifyRuns(runs, anchors, lambda: now)()
    assert (anchored.count, verified.items, verified.broken) == (3, 3 * ITEMS_PER_RUN, ())
