"""Back-test report: every test with its numbers, or null with the reason."""

from collections.abc import Sequence

from functions.evaluation.backtest.days import BacktestSample
from functions.measures import backtest
from functions.measures.backtest import BASEL_CONFIDENCE_BPS, BASEL_OBSERVATIONS, LikelihoodRatio
from risk_hub_contracts.base.confidence import BPS_PER_ONE, required_observations
from risk_hub_contracts.reports.backtest import (
    BacktestReport,
    BacktestTest,
    BaselTrafficLight,
    LeftOut,
)

TOO_FEW_OBSERVATIONS = "too_few_observations"
NO_NEXT_DAY = "no_exceedance_has_a_next_day"


def backtest_report(
    world_id: str, stage: str, sample: BacktestSample, superseded: int | None
) -> BacktestReport:
    """Return the report.

    Args:
        world_id: the world of `sample`.
        stage: the stage of `sample`.
        sample: forecasts and returns.
        superseded: forecasts that are not the last of their date; None if they were not counted.
    """
    confidence_bps = sample.confidence_bps
    hits = [day.exceeded for day in sample.days]
    kupiec = backtest.kupiec(len(hits), sum(hits), confidence_bps) if hits else None
    independence = backtest.independence(sample.hits)
    conditional = backtest.conditional_coverage(sample.hits, confidence_bps)
    return BacktestReport(
        world_id=world_id,
        stage=stage,
        method=sample.method,
        confidence_bps=confidence_bps,
        observations=len(hits),
        exceedances=sum(hits),
        expected_exceedances=len(hits) * (BPS_PER_ONE - confidence_bps) / BPS_PER_ONE,
        in_hindsight=sample.in_hindsight,
        left_out=_left_out(sample),
        superseded_same_date=superseded,
        largest_gap_days=max((day.gap_days for day in sample.days), default=None),
        kupiec=_test(kupiec, 1, hits, confidence_bps),
        independence=_test(independence, 1, hits, confidence_bps),
        conditional_coverage=_test(conditional, 2, hits, confidence_bps),
        basel=_basel(hits, confidence_bps),
        days=sample.days,
    )


def _left_out(sample: BacktestSample) -> LeftOut:
    count = sample.left_out
    return LeftOut(
        no_value_at_risk=count["no_value_at_risk"],
        no_realized_return=count["no_realized_return"],
        replaced=count["replaced"],
        not_covered=count["not_covered"],
    )


def _test(
    ratio: LikelihoodRatio | None,
    degrees_of_freedom: backtest.Degrees,
    hits: Sequence[bool],
    confidence_bps: int,
) -> BacktestTest:
    too_few = len(hits) < required_observations(confidence_bps)
    if ratio is None or too_few:
        reason = TOO_FEW_OBSERVATIONS if too_few else NO_NEXT_DAY
        return BacktestTest(
            degrees_of_freedom=degrees_of_freedom, statistic=None, p_value=None, reason=reason
        )
    return BacktestTest(
        degrees_of_freedom=degrees_of_freedom, statistic=ratio.statistic, p_value=ratio.p_value, reason=None
    )


def _basel(hits: Sequence[bool], confidence_bps: int) -> BaselTrafficLight:
    if len(hits) < BASEL_OBSERVATIONS:
        return BaselTrafficLight(
            zone=None,
            exceedances=None,
            cumulative_probability=None,
            multiplier_increase=None,
            reason=TOO_FEW_OBSERVATIONS,
        )
    count = sum(hits[-BASEL_OBSERVATIONS:])
    at_basels_confidence = confidence_bps == BASEL_CONFIDENCE_BPS
    return BaselTrafficLight(
        zone=backtest.basel_zone(count, confidence_bps),
        exceedances=count,
        cumulative_probability=backtest.cumulative_probability(BASEL_OBSERVATIONS, count, confidence_bps),
        multiplier_increase=backtest.basel_increase(count) if at_basels_confidence else None,
        reason=None,
    )
