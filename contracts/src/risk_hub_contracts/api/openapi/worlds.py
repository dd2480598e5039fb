"""Operations of the world registry."""

from typing import Any, Final

from risk_hub_contracts.api.openapi.operations import Answer, Operation
from risk_hub_contracts.api.world_queries import ExitPolicyQuery, StageQuery, WorldsQuery
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.worlds.expectation import Expectation
from risk_hub_contracts.worlds.registry import ExitPolicyAnswer, ExpectationAnswer, WorldsPage


def _put_answers(model: type[Any]) -> tuple[Answer, ...]:
    return (
        Answer(201, model, "Created."),
        Answer(200, model, "The previous one was replaced."),
    )


def _read_answers(model: type[Any]) -> tuple[Answer, ...]:
    return (Answer(200, model, "The one in force."),)


_DELETED: Final = (Answer(204, None, "Nothing is stored any longer.", ("X-Correlation-Id",)),)

WORLDS: Final = (
    Operation(
        "list_worlds",
        "The freshness of every known world: fresh, late, stale or missing",
        (Answer(200, WorldsPage, "One page."),),
        (p.NOT_FOUND, p.CURSOR_INVALID),
        query=WorldsQuery,
    ),
    Operation(
        "expect_world",
        "Register a world, with the allowed lag of its snapshots",
        _put_answers(ExpectationAnswer),
        (p.REGISTRATION_INVALID,),
        query=StageQuery,
        body=Expectation,
    ),
    Operation(
        "read_expectation",
        "The expectation for a world",
        _read_answers(ExpectationAnswer),
        (p.NOTHING_EXPECTED,),
        query=StageQuery,
    ),
    Operation(
        "forget_world",
        "Remove the expectation for a world; its snapshots are kept",
        _DELETED,
        query=StageQuery,
    ),
    Operation(
        "put_exit_policy",
        "Set the policy of a world's exit signals",
        _put_answers(ExitPolicyAnswer),
        (p.REGISTRATION_INVALID, p.POLICY_VERSION_CONFLICT),
        query=StageQuery,
        body=ExitPolicy,
    ),
    Operation(
        "read_exit_policy",
        "The exit policy in force, stored or default, or a stored version",
        _read_answers(ExitPolicyAnswer),
        (p.POLICY_VERSION_NOT_FOUND,),
        query=ExitPolicyQuery,
    ),
    Operation(
        "drop_exit_policy",
        "Restore the default exit policy",
        _DELETED,
        query=StageQuery,
    ),
)
