"""Text form of a back-test: one line per test, and every day that was not tested."""

from collections.abc import Iterator
from typing import Any, Final

from risk_hub_contracts.base.problem_types import counted

SIGNIFICANCE: Final = 0.05
# A long weekend; a larger gap is shown.
LONG_GAP_DAYS: Final = 4
_TESTS: Final = {
    "kupiec": "Kupiec, coverage",
    "independence": "Christoffersen, independence",
    "conditional_coverage": "Christoffersen, both",
}


def backtest_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a `BacktestReport`."""
    yield (
        f"{report['world_id']}, {report['stage']}: {report['method']} VaR {report['confidence_bps'] / 100:g} %, "
        f"{_period(report['days'])}"
    )
    yield (
        f"  {counted(report['exceedances'], 'exceedance')} in {counted(report['observations'], 'day')}, "
        f"{report['expected_exceedances']:.1f} expected"
    )
    for name, label in _TESTS.items():
        yield f"  {label:<30}{_verdict(report[name])}"
    yield f"  {'Basel, last 250 days':<30}{_light(report['basel'])}"
    left_out = [f"{count} {reason}" for reason, count in report["left_out"].items() if count]
    if left_out:
        yield f"  not tested: {', '.join(left_out)}"
    if report.get("superseded_same_date"):
        replaced = counted(report["superseded_same_date"], "snapshot")
        yield f"  not tested: {replaced} with a later one on the same date"
    if (report.get("largest_gap_days") or 0) > LONG_GAP_DAYS:
        yield f"  largest gap between a forecast and its return: {report['largest_gap_days']} days"
    if report["in_hindsight"]:
        late = counted(report["in_hindsight"], "forecast")
        yield f"  in hindsight: {late} reached the hub after the return was known"


def _period(days: list[dict[str, Any]]) -> str:
    return f"{days[0]['realized_date']} to {days[-1]['realized_date']}" if days else "no days tested"


def _verdict(test: dict[str, Any]) -> str:
    if test["reason"]:
        return f"no verdict: {test['reason']}"
    verdict = "rejected" if test["p_value"] < SIGNIFICANCE else "not rejected"
    return f"LR {test['statistic']:.3f}, p {test['p_value']:.4f}: {verdict} at {SIGNIFICANCE:.0%}"


def _light(light: dict[str, Any]) -> str:
    if light["reason"]:
        return f"no verdict: {light['reason']}"
    increase = light["multiplier_increase"]
    added = "" if increase is None else f", multiplier + {increase:.2f}"
    return f"{light['zone']}: {light['exceedances']} exceedances{added}"
