"""The operation that evaluates strategies."""

from typing import Final

from risk_hub_contracts.api.openapi.operations import Answer, Operation
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.evaluations.answer import EvaluationAnswer
from risk_hub_contracts.evaluations.request import EvaluationRequest

EVALUATIONS: Final = (
    Operation(
        "evaluate_strategies",
        "Evaluate strategies by a stored policy; every verdict is stored as a run",
        (
            Answer(201, EvaluationAnswer, "Evaluated and stored."),
            Answer(
                200, EvaluationAnswer, "The same evaluation was stored before.", ("Idempotency-Replayed",)
            ),
        ),
        (
            *(p.EVALUATION_INVALID, p.EVALUATION_CONFLICT),
            *(p.NO_ACTIVE_POLICY, p.POLICY_NOT_FOUND, p.POLICY_NOT_ACTIVE, p.STAGE_NOT_COVERED),
            *(p.SNAPSHOT_NOT_FOUND, p.SNAPSHOT_EXPIRED, p.WORLD_UNKNOWN, p.DOCUMENT_UNAVAILABLE),
        ),
        description="The hub resolves the policy, the latest snapshot of the stage, the numbers of the portfolio "
        "and the correlations. After a 503 or a lost answer, send the same request again.",
        body=EvaluationRequest,
    ),
)
