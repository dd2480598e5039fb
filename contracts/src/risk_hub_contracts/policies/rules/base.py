"""Members that every rule of an evaluation policy has."""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from risk_hub_contracts.base.ids import NAME_PATTERN, name_violation
from risk_hub_contracts.base.limits import DESCRIPTION_MAX_CHARS, ID_MAX_CHARS, RULE_TAGS_MAX_COUNT
from risk_hub_contracts.policies.rules.bounds import CLOSED, Bounds, check_warning_bounds
from risk_hub_contracts.policies.rules.metrics import facts_of
from risk_hub_contracts.runs.rule_result import Owner, RuleTag, Severity

__all__ = ["LimitRule", "MetricPath", "OnError", "OnMissing", "RuleBase"]

PATH_MAX_CHARS: Final = 4 * ID_MAX_CHARS
OnMissing = Literal["warn", "fail", "ignore"]
"""The status of a rule whose number is missing; `ignore` reports it as a warning of severity `info`."""
OnError = Literal["warn", "fail"]
"""The status of a rule whose number is not finite, impossible, or cannot be computed."""
Description = Annotated[str, Field(max_length=DESCRIPTION_MAX_CHARS)]


def _path(value: str) -> str:
    block, dot, rest = value.partition(".")
    fault = name_violation(value, PATH_MAX_CHARS)
    if fault is None and not (block and dot and rest):
        fault = "must be a block and a name, such as returns.sharpe"
    if fault is not None:
        raise ValueError(fault)
    return value


MetricPath = Annotated[
    str,
    Field(min_length=1, max_length=PATH_MAX_CHARS, json_schema_extra={"pattern": NAME_PATTERN}),
    AfterValidator(_path),
]


class RuleBase(BaseModel):
    """Members of every rule; `owner`, `on_missing` and `on_error` are by default those of the policy."""

    model_config = CLOSED

    default_severity: ClassVar[Severity] = "soft"

    severity: Severity | None = None
    owner: Owner | None = None
    tags: Annotated[tuple[RuleTag, ...], Field(max_length=RULE_TAGS_MAX_COUNT)] = ()
    on_missing: OnMissing | None = None
    on_error: OnError | None = None
    description: Description | None = None

    @property
    def effective_severity(self) -> Severity:
        """Return the severity of the rule, by default that of its kind."""
        return self.severity or self.default_severity

    @property
    def subject(self) -> str:
        """Return what the rule compares: two rules of a kind with the same subject are duplicates."""
        raise NotImplementedError


class LimitRule(RuleBase):
    """A rule that compares one number with bounds. Past `fail` it fails, past `warn` it warns."""

    fail: Bounds | None = None
    warn: Bounds | None = None

    @model_validator(mode="after")
    def _bounds_can_hold(self) -> Self:
        check_warning_bounds(self.fail, self.warn)
        facts = facts_of(self.path)
        for bounds in filter(None, (self.fail, self.warn)):
            if bounds.highest < facts.lowest or bounds.lowest > facts.highest:
                raise ValueError(
                    f"can never hold: {self.path} ({facts.unit}) is between {facts.lowest:g} and {facts.highest:g}"
                )
        return self

    @property
    def path(self) -> str:
        """Return the path of the metric that is compared, or that names the result."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """Return the path."""
        return self.path
