"""Operations of the rollout: whose verdict decides in a world and stage."""

from typing import Final

from risk_hub_contracts.api.openapi.operations import Answer, Operation
from risk_hub_contracts.api.policy_queries import RolloutHistoryQuery
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.policies.rollout import (
    RollbackRequest,
    RolloutAnswer,
    RolloutChangeAnswer,
    RolloutPage,
    RolloutRequest,
)

_REPLAYED: Final = ("Idempotency-Replayed",)

ROLLOUT: Final = (
    Operation(
        "set_rollout",
        "Say whose verdict decides in a stage of a world from now on",
        (
            Answer(201, RolloutChangeAnswer, "Changed."),
            Answer(
                200,
                RolloutChangeAnswer,
                "The flag has this value already: the change that set it.",
                _REPLAYED,
            ),
        ),
        (p.REGISTRATION_INVALID, p.ROLLOUT_OUT_OF_ORDER),
        description="The hub decides in `paper` only after `backtest`, and in `live` only after `paper`.",
        body=RolloutRequest,
    ),
    Operation(
        "read_rollout",
        "Whose verdict decides in each stage of a world",
        (Answer(200, RolloutAnswer, "The flags in force; `caller_precheck` where nobody set one."),),
        (),
    ),
    Operation(
        "roll_back",
        "Undo the last change of a stage",
        (
            Answer(201, RolloutChangeAnswer, "The flag has its previous value again."),
            Answer(
                200, RolloutChangeAnswer, "The last change is a rollback already: that change.", _REPLAYED
            ),
        ),
        (p.REGISTRATION_INVALID, p.ROLLOUT_OUT_OF_ORDER, p.NOTHING_TO_ROLL_BACK),
        body=RollbackRequest,
    ),
    Operation(
        "list_rollout_changes",
        "Every change of a world's flags, newest first",
        (Answer(200, RolloutPage, "One page."),),
        (p.CURSOR_INVALID,),
        query=RolloutHistoryQuery,
    ),
)
