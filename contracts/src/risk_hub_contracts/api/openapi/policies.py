"""Operations of the registry of evaluation policies."""

from typing import Final

from risk_hub_contracts.api.openapi.operations import Answer, Operation
from risk_hub_contracts.api.policy_queries import ActivationsQuery, PoliciesQuery
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.policies.activation import ActivationAnswer, ActivationPage, PolicyActivation
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy
from risk_hub_contracts.policies.stored_policy import PolicyPage, StoredPolicyAnswer

_REPLAYED: Final = ("Idempotency-Replayed",)

POLICIES: Final = (
    Operation(
        "list_policies",
        "The stored versions of evaluation policies, by policy id and time of storage",
        (Answer(200, PolicyPage, "One page."),),
        (p.NOT_FOUND, p.CURSOR_INVALID),
        description="A version is listed at most some seconds after it was stored.",
        query=PoliciesQuery,
    ),
    Operation(
        "put_policy",
        "Store a version of an evaluation policy; it never changes",
        (
            Answer(201, StoredPolicyAnswer, "Stored."),
            Answer(200, StoredPolicyAnswer, "The same document was stored before.", _REPLAYED),
        ),
        (p.REGISTRATION_INVALID, p.POLICY_VERSION_CONFLICT, p.DOCUMENT_UNAVAILABLE),
        body=EvaluationPolicy,
    ),
    Operation(
        "read_policy",
        "One stored version of an evaluation policy",
        (Answer(200, StoredPolicyAnswer, "The version."),),
        (p.POLICY_NOT_FOUND, p.DOCUMENT_UNAVAILABLE),
    ),
    Operation(
        "activate_policy",
        "Let a stored version judge the strategies of a world from now on",
        (
            Answer(201, ActivationAnswer, "Activated."),
            Answer(200, ActivationAnswer, "This version is the active one already.", _REPLAYED),
        ),
        (
            *(p.REGISTRATION_INVALID, p.POLICY_NOT_FOUND),
            *(p.SECOND_SUBJECT_REQUIRED, p.DOCUMENT_UNAVAILABLE),
        ),
        description="The subject of the token must differ from the subject that stored the version.",
        body=PolicyActivation,
    ),
    Operation(
        "read_active_policy",
        "The active evaluation policy of a world",
        (Answer(200, ActivationAnswer, "The activation in force."),),
        (p.NO_ACTIVE_POLICY,),
    ),
    Operation(
        "list_activations",
        "Every activation of a world, newest first",
        (Answer(200, ActivationPage, "One page."),),
        (p.CURSOR_INVALID,),
        query=ActivationsQuery,
    ),
)
