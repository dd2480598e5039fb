"""Results of the rules that compare the runs of one evaluation: medians and rankings. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from functions.evaluation.extended.judged_run import (
    JudgedRun,
    limit_results,
    numbers_of_run,
    portfolio_limits,
)
from functions.evaluation.extended.report_numbers import Numbers
from risk_hub_contracts.policies.rules import CohortMedianRule, HysteresisRule, LimitRule, TopKRule
from risk_hub_contracts.rule_engine.cohort import median_verdicts
from risk_hub_contracts.rule_engine.results import NamedRule, Verdict
from risk_hub_contracts.rule_engine.selection import top_k_verdicts
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.rule_result import RuleResult
from risk_hub_contracts.runs.run_key import RunKey

CohortResults = Mapping[RunKey, Sequence[RuleResult]]
"""The results of each run of a cohort."""


def compares_runs(named: NamedRule) -> bool:
    """Return whether a rule can be judged on the recorded numbers of all runs of an evaluation.

    Correlations and the earlier selection, which the other rules of selection need, are not recorded.
    """
    return isinstance(named.rule, CohortMedianRule | TopKRule)


def cohort_results(judged: Sequence[JudgedRun], numbers: Numbers) -> CohortResults:
    """Return the results of the runs of every complete cohort.

    Args:
        judged: runs of any evaluations of one snapshot.
        numbers: the numbers of the report; they take the place of those that the caller sent.
    """
    cohorts: dict[tuple[str | None, ...], list[JudgedRun]] = {}
    for each in judged:
        run = each.run
        if run.evaluation_id is not None:
            cohorts.setdefault((run.evaluation_id, run.stage, each.profile, run.policy_hash), []).append(each)
    found: dict[RunKey, Sequence[RuleResult]] = {}
    for cohort in cohorts.values():
        if len(cohort) >= max(each.run.evaluated_count or 1 for each in cohort):
            found |= _results_of(cohort, numbers)
    return found


def _results_of(cohort: Sequence[JudgedRun], numbers: Numbers) -> CohortResults:
    """Return the results of the runs of one evaluation, which have one policy and one profile."""
    rules = cohort[0].rules() or []
    compared = [named for named in rules if compares_runs(named)]
    if not compared:
        return {}
    runs = {_name(each.run): each.run for each in cohort}
    by_name = {name: {**numbers_of_run(run), **numbers} for name, run in runs.items()}
    replaced = limit_results(portfolio_limits(rules), numbers)
    deciding = _deciding(rules)
    candidates = frozenset(name for name, run in runs.items() if _is_candidate(run, replaced, deciding))
    found = [(named, _verdicts(named, by_name, candidates)) for named in compared]
    return {run.key: [named.result(each[name]) for named, each in found] for name, run in runs.items()}


def _verdicts(
    named: NamedRule, numbers: Mapping[str, Numbers], candidates: frozenset[str]
) -> dict[str, Verdict]:
    if isinstance(named.rule, TopKRule):
        return top_k_verdicts(named, named.rule, numbers, candidates)
    return median_verdicts(named, numbers)


def _deciding(rules: Iterable[NamedRule]) -> Mapping[str, bool]:
    """Return, by the name of each rule that decides before a ranking, whether it is a rule of selection."""
    return {
        named.name: isinstance(named.rule, HysteresisRule)
        for named in rules
        if isinstance(named.rule, LimitRule | HysteresisRule)
    }


def _is_candidate(run: EvaluationRun, replaced: Iterable[RuleResult], deciding: Mapping[str, bool]) -> bool:
    """Return whether no rule excludes a run from the ranking: the results of its creation, some replaced."""
    results = {result.rule: result for result in (*run.results, *replaced)}
    return not any(
        result.status == "fail"
        and (result.severity == "blocking" or (deciding[name] and result.severity != "info"))
        for name, result in results.items()
        if name in deciding
    )


def _name(run: EvaluationRun) -> str:
    """Return a name by which equal numbers are ranked: by strategy, as at the creation, then by run id."""
    return f"{run.strategy_id}\0{run.run_id}"
