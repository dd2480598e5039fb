"""Share of an exit policy's limits that were compared with a number."""

from functions.evaluation.exits.doubts import doubt_of
from functions.evaluation.exits.loss_limits import loss_readings
from functions.evaluation.exits.readings import NO_SCENARIOS, Evaluation
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.reports.risk import RiskStatus


def limit_coverage(policy: ExitPolicy, evaluation: Evaluation) -> RiskStatus:
    """Return whether all limits on this kind of report had a number (`complete`), or some (`partial`).

    Return `insufficient` if no limit had one, or if the numbers have no meaning. A limit on the worst scenario
    does not count for a snapshot without scenarios.
    """
    doubt = doubt_of(policy, evaluation)
    judged = [
        reading.judged and not doubt
        for _, name, reading in loss_readings(policy, evaluation)
        if not (name == "worst_stress" and reading.reason == NO_SCENARIOS)
    ]
    if all(judged):
        return "complete"
    return "partial" if any(judged) else "insufficient"
