"""Evaluation policy: the rules that judge strategies in each stage.

A policy is identified by (`policy_id`, `version`) and by the hash of its whole canonical document. Its rules
are in profiles; `stages` says which profile judges a stage. A profile may extend another one: it has the rules
of that one, except those that it replaces by a rule of the same name.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from risk_hub_contracts.base.canonical import canonical_json, sha256_hex
from risk_hub_contracts.base.ids import PROFILE_PATTERN, RULE_NAME_PATTERN
from risk_hub_contracts.base.limits import (
    APPROVERS_MAX_COUNT,
    DESCRIPTION_MAX_CHARS,
    EVALUATION_POLICY_MAX_BYTES,
    POLICY_PROFILES_MAX_COUNT,
    RULES_PER_PROFILE_MAX_COUNT,
)
from risk_hub_contracts.base.name_types import Identifier
from risk_hub_contracts.base.problems import REGISTRATION_INVALID, ProblemError, Violation, summary
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.policies.evaluation_checks import profile_violations, stage_violations
from risk_hub_contracts.policies.rules import OnError, OnMissing, Rule
from risk_hub_contracts.policies.rules.bounds import CLOSED
from risk_hub_contracts.runs.rule_result import Owner

__all__ = [
    "STAGES",
    "EvaluationPolicy",
    "Governance",
    "LivePromotion",
    "Profile",
    "Stage",
    "parse_policy",
]

COOL_DOWN_MAX_SECONDS: Final = 366 * 86_400
LIVE_SLOTS_MAX_COUNT: Final = 10_000
Stage = Literal["backtest", "paper", "live"]
STAGES: Final[tuple[Stage, ...]] = ("backtest", "paper", "live")
ProfileName = Annotated[str, Field(pattern=PROFILE_PATTERN)]
_REMEDY: Final = "Correct every entry of `errors`, then send the policy again."


class Profile(BaseModel):
    """Rules by name, and what they do about a number that is missing or wrong."""

    model_config = CLOSED

    extends: ProfileName | None = None
    on_missing: OnMissing | None = None
    on_error: OnError | None = None
    rules: Annotated[
        dict[Annotated[str, Field(pattern=RULE_NAME_PATTERN)], Rule],
        Field(max_length=RULES_PER_PROFILE_MAX_COUNT),
    ] = {}


class LivePromotion(BaseModel):
    """Promotion to live of a strategy that passes in paper; the approval itself is not a rule."""

    model_config = CLOSED

    mode: Literal["disabled", "manual_approval", "automatic"] = "manual_approval"
    cool_down_seconds: Annotated[int, Field(strict=True, ge=0, le=COOL_DOWN_MAX_SECONDS)] | None = None
    max_live_slots: Annotated[int, Field(strict=True, ge=1, le=LIVE_SLOTS_MAX_COUNT)] | None = None
    canary_fraction: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    approvers: Annotated[tuple[Owner, ...], Field(max_length=APPROVERS_MAX_COUNT)] = ()


class Governance(BaseModel):
    """Permission and pace of promotions."""

    model_config = CLOSED

    live_promotion: LivePromotion = LivePromotion()


class EvaluationPolicy(BaseModel):
    """The rules of one world for the stages `backtest`, `paper` and `live`.

    `owner` is responsible for every rule that names no other. `on_missing` and `on_error` apply to every profile
    and rule that has none.
    """

    model_config = CLOSED

    policy_id: Identifier
    version: Identifier
    owner: Owner
    description: Annotated[str, Field(max_length=DESCRIPTION_MAX_CHARS)] | None = None
    on_missing: OnMissing = "fail"
    on_error: OnError = "fail"
    stages: Annotated[dict[Stage, ProfileName], Field(min_length=1)]
    profiles: Annotated[dict[ProfileName, Profile], Field(min_length=1, max_length=POLICY_PROFILES_MAX_COUNT)]
    governance: Governance = Governance()

    def document(self) -> dict[str, Any]:
        """Return the document without members that have their default, JSON-ready.

        A member that a later release adds has a default, so stored policies keep their documents and hashes.
        """
        found: dict[str, Any] = self.model_dump(mode="json", exclude_defaults=True)
        return found

    @property
    def policy_hash(self) -> str:
        """Return `sha256:<hex>` of the whole canonical document (RFC 8785)."""
        return "sha256:" + sha256_hex(canonical_json(self.document()))

    def lineage(self, profile: str) -> list[Profile]:
        """Return a profile and those that it extends, itself first."""
        found: list[Profile] = []
        name: str | None = profile
        while name is not None:
            found.append(self.profiles[name])
            name = found[-1].extends
        return found

    def rules_of(self, profile: str) -> dict[str, Rule]:
        """Return the rules of a profile by name, those that it inherits included."""
        rules: dict[str, Rule] = {}
        for each in reversed(self.lineage(profile)):
            rules |= each.rules
        return rules

    @model_validator(mode="after")
    def _size_is_limited(self) -> Self:
        size_bytes = len(canonical_json(self.document()))
        if size_bytes > EVALUATION_POLICY_MAX_BYTES:
            raise ValueError(
                f"the policy has {size_bytes} bytes as canonical JSON; at most {EVALUATION_POLICY_MAX_BYTES} are allowed"
            )
        return self


def parse_policy(document: object) -> EvaluationPolicy:
    """Return the policy that a document describes.

    Args:
        document: a parsed JSON document.

    Raises:
        ProblemError: registration-invalid, with a pointer for each violation.
    """
    try:
        policy = EvaluationPolicy.model_validate(document)
    except ValidationError as error:
        violations = to_violations(error, known=EvaluationPolicy.model_fields)
        raise _invalid(violations) from None
    found = list(_violations_of(policy))
    if found:
        raise _invalid(found)
    return policy


def _invalid(violations: list[Violation]) -> ProblemError:
    return ProblemError(REGISTRATION_INVALID, summary(violations, "The policy"), violations, remedy=_REMEDY)


def _violations_of(policy: EvaluationPolicy) -> Iterator[Violation]:
    """Yield violations between members: names without a profile, cycles, and rules that contradict."""
    parents: Mapping[str, str | None] = {name: each.extends for name, each in policy.profiles.items()}
    profiles = {str(stage): profile for stage, profile in policy.stages.items()}
    broken = list(stage_violations(profiles, parents))
    yield from broken
    if not broken:
        for name in policy.profiles:
            yield from profile_violations(name, policy.rules_of(name), policy.profiles[name].rules)
