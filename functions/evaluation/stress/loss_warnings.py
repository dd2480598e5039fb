"""Warnings of a stress report about signs and units: scenarios in percent, gains where losses are expected."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from functions.evaluation.stress.shock_warnings import SCENARIOS_MAX_COUNT, is_misspelling
from functions.measures.stress import DEFAULT, SHOCKS, Scenarios
from risk_hub_contracts.reports.stress import StressLoss
from risk_hub_contracts.reports.warning import RiskWarning

SHOCK_SIZE_MAX = 5.0
"""Greatest median size of the held assets' shocks, as a fraction: markets do not usually move by 500 %."""
LOSS = "loss"
LIMITED_METRICS = (LOSS, "max_drawdown")
"""The producer's own numbers that limits are compared with."""

PERCENT_CAUSE = "the shocks are in percent; send fractions (-0.3 is a fall of 30 %)"
NEGATIVE_CAUSE = "a loss is a positive number; a negative one is a gain"
MISSPELT_CAUSE = (
    "a limit reads loss and max_drawdown only; a number of another name is never compared with it"
)
GAINS_CAUSE = "the shocks have the wrong sign (a fall is negative), or no scenario concerns this book"


def loss_warnings(
    scenarios: Scenarios, weights: Mapping[str, float], losses: Sequence[StressLoss]
) -> list[RiskWarning]:
    """Return the warnings in the order of the scenarios' names.

    Args:
        scenarios: scenarios of the snapshot, by name.
        weights: weights of the book, by asset id.
        losses: computed from both.
    """
    held = {asset: weight for asset, weight in sorted(weights.items()) if weight}
    return [
        *islice(_percent_warnings(scenarios, held), SCENARIOS_MAX_COUNT),
        *islice(_negative_loss_warnings(scenarios), SCENARIOS_MAX_COUNT),
        *islice(_misspelt_metric_warnings(scenarios), SCENARIOS_MAX_COUNT),
        *_no_loss_warning(scenarios, held, losses),
    ]


def _percent_warnings(scenarios: Scenarios, held: Mapping[str, float]) -> Iterator[RiskWarning]:
    """Yield a warning for each scenario whose loss has no meaning because most shocks are in percent."""
    for name in sorted(scenarios):
        shocks, default = scenarios[name].get(SHOCKS), scenarios[name].get(DEFAULT)
        if shocks is None:
            continue
        given = [shocks.get(asset, default) for asset in held]
        sizes = sorted(abs(shock) for shock in given if shock)
        if sizes and sizes[(len(sizes) - 1) // 2] > SHOCK_SIZE_MAX:
            yield RiskWarning(
                code="shock_looks_like_percent",
                makes_insufficient=True,
                subject=name,
                evidence={"middle_size": sizes[(len(sizes) - 1) // 2], "middle_size_max": SHOCK_SIZE_MAX},
                likely_cause=PERCENT_CAUSE,
            )


def _negative_loss_warnings(scenarios: Scenarios) -> Iterator[RiskWarning]:
    """Yield a caution for each of the producer's own losses that is negative, which means a gain."""
    for name in sorted(scenarios):
        own = scenarios[name].get(LOSS)
        if own is not None and own < 0:
            yield RiskWarning(
                code="own_loss_negative",
                makes_insufficient=False,
                subject=name,
                evidence={"loss": own, "loss_min": 0.0},
                likely_cause=NEGATIVE_CAUSE,
            )


def _misspelt_metric_warnings(scenarios: Scenarios) -> Iterator[RiskWarning]:
    """Yield a caution for each of the producer's own numbers that no limit reads: its name is misspelt."""
    for name in sorted(scenarios):
        given = scenarios[name].keys() - {SHOCKS, DEFAULT, *LIMITED_METRICS}
        for metric in sorted(given):
            wanted = next((each for each in LIMITED_METRICS if is_misspelling(metric, each)), None)
            if wanted is not None and wanted not in scenarios[name]:
                yield RiskWarning(
                    code="metric_misspelt",
                    makes_insufficient=False,
                    subject=name,
                    evidence={"metric": metric, "read": wanted, "value": scenarios[name][metric]},
                    likely_cause=MISSPELT_CAUSE,
                )


def _no_loss_warning(
    scenarios: Scenarios, held: Mapping[str, float], losses: Sequence[StressLoss]
) -> Iterator[RiskWarning]:
    """Yield a warning if no scenario has a loss above zero.

    The numbers have no meaning if the book is long only and every scenario is a gain.
    """
    computed = [loss.value for loss in losses if loss.value is not None]
    own = [scenarios[name][LOSS] for name in scenarios if scenarios[name].get(LOSS) is not None]
    worst = max([*computed, *own], default=0.0)
    if worst <= 0 and computed and held:
        yield RiskWarning(
            code="no_scenario_loses",
            makes_insufficient=worst < 0 and min(held.values()) > 0,
            subject=None,
            evidence={"worst_loss": worst, "worst_loss_min": 0.0, "scenarios": float(len(losses))},
            likely_cause=GAINS_CAUSE,
        )
