"""The layers of extended validation: which rules belong to each, and their results. Pure: no clock, no I/O."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from functions.evaluation.extended.cohort import CohortResults, compares_runs
from functions.evaluation.extended.judged_run import (
    JudgedRun,
    limit_results,
    limits_of_block,
    numbers_of_run,
    portfolio_limits,
)
from functions.evaluation.extended.report_numbers import AnnouncedReport, recorded_blocks
from risk_hub_contracts.rule_engine.evaluate import ENGINE_VERSION
from risk_hub_contracts.rule_engine.results import NamedRule
from risk_hub_contracts.rule_engine.summary import summary_status
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.metric_blocks import MetricBlocks
from risk_hub_contracts.runs.not_evaluated import NotEvaluated
from risk_hub_contracts.runs.payloads import ExtendedValidation
from risk_hub_contracts.runs.rule_result import RuleResult

Layer = Literal["portfolio", "cohort", "live", "stress"]
LAYERS_OF: Final[Mapping[str, tuple[Layer, ...]]] = {
    "risk": ("portfolio", "cohort", "live"),
    "stress": ("stress",),
}
"""The layers that a report of each kind evaluates. Each layer belongs to one kind, so that the order of the
two reports of a snapshot does not matter."""
LIVE: Final = "live"
NO_METRICS: Final = MetricBlocks()


def validations(
    judged: JudgedRun, report: AnnouncedReport, cohort: CohortResults
) -> dict[Layer, ExtendedValidation]:
    """Return the extended validations of a run that a report evaluates, by layer.

    The layer `cohort` is left out if a rule needs the cohort and `cohort` lacks the run: its evaluation is not
    stored completely yet.

    Args:
        judged: the run.
        report: the report on the run's snapshot.
        cohort: the results of complete cohorts; unused for a stress report.
    """
    rules = judged.rules()
    if rules is None:
        return {
            layer: _not_evaluated(layer, NotEvaluated.NO_PROFILE, report) for layer in LAYERS_OF[report.kind]
        }
    if report.kind == "stress":
        return {"stress": _limits("stress", limits_of_block(rules, "stress"), report)}
    found: dict[Layer, ExtendedValidation | None] = {
        "portfolio": _limits("portfolio", portfolio_limits(rules), report),
        "cohort": _cohort(judged.run, rules, report, cohort),
        "live": _live(judged.run, rules, report),
    }
    return {layer: validation for layer, validation in found.items() if validation is not None}


def _limits(layer: Layer, rules: Sequence[NamedRule], report: AnnouncedReport) -> ExtendedValidation:
    """Return the validation by limits on the numbers of the report; a number that it lacks is missing."""
    if not rules:
        return _not_evaluated(layer, NotEvaluated.NO_RULE, report)
    metrics = recorded_blocks(report.numbers, (named.path for named in rules))
    return _evaluated(layer, limit_results(rules, report.numbers), report, metrics)


def _live(run: EvaluationRun, rules: Sequence[NamedRule], report: AnnouncedReport) -> ExtendedValidation:
    """Return the validation of the realised numbers that the run was created with."""
    if not run.metrics.get(LIVE):
        return _not_evaluated("live", NotEvaluated.NO_LIVE_BLOCK, report)
    chosen = limits_of_block(rules, LIVE)
    if not chosen:
        return _not_evaluated("live", NotEvaluated.NO_RULE, report)
    return _evaluated("live", limit_results(chosen, numbers_of_run(run)), report)


def _cohort(
    run: EvaluationRun, rules: Sequence[NamedRule], report: AnnouncedReport, cohort: CohortResults
) -> ExtendedValidation | None:
    """Return the validation by the comparison with the other runs of the evaluation; None without them."""
    if run.evaluation_id is None:
        return _not_evaluated("cohort", NotEvaluated.NO_EVALUATION, report)
    if not any(map(compares_runs, rules)):
        return _not_evaluated("cohort", NotEvaluated.NO_RULE, report)
    return _evaluated("cohort", cohort[run.key], report) if run.key in cohort else None


def _evaluated(
    layer: Layer,
    results: Sequence[RuleResult],
    report: AnnouncedReport,
    metrics: MetricBlocks = NO_METRICS,
) -> ExtendedValidation:
    """Return the validation with these results; it passes only if a rule compared a number."""
    status = summary_status(results)
    compared = status != "pass" or any(result.observed is not None for result in results)
    return ExtendedValidation(
        validation=layer,
        status=status if compared else "not_evaluated",
        reason_code=None if compared else NotEvaluated.NO_NUMBER.value,
        report=report.key,
        metrics=metrics,
        results=tuple(results),
        engine_version=ENGINE_VERSION,
    )


def _not_evaluated(layer: Layer, reason: NotEvaluated, report: AnnouncedReport) -> ExtendedValidation:
    return ExtendedValidation(
        validation=layer,
        status="not_evaluated",
        reason_code=reason.value,
        report=report.key,
        engine_version=ENGINE_VERSION,
    )
