"""The result of one rule of an evaluation policy for one strategy."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.base.ids import ID_PATTERN, RULE_NAME_PATTERN
from risk_hub_contracts.base.limits import ID_MAX_CHARS, NAME_MAX_CHARS, RULE_TAGS_MAX_COUNT

__all__ = [
    "REASON_CODE_PATTERN",
    "WORST_LAST",
    "RuleResult",
    "RuleStatus",
    "RuleTag",
    "Severity",
    "ValidationStatus",
]

REASON_CODE_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"

RuleStatus = Literal["pass", "warn", "fail"]
ValidationStatus = Literal["pass", "warn", "fail", "not_evaluated"]
"""Summary of an extended validation; `not_evaluated` is neither a pass nor a failure."""
WORST_LAST: Final[tuple[RuleStatus, ...]] = ("pass", "warn", "fail")
Severity = Literal["blocking", "soft", "info"]
"""A failed `blocking` rule fails the strategy, a failed `soft` rule warns, an `info` rule only reports."""
RuleName = Annotated[str, Field(pattern=RULE_NAME_PATTERN)]
RuleTag = Annotated[str, Field(pattern=RULE_NAME_PATTERN)]
Owner = Annotated[str, Field(pattern=ID_PATTERN, max_length=ID_MAX_CHARS)]


class RuleResult(BaseModel):
    """The verdict of one rule.

    `observed` is the number that was compared, null without one; `limit` is the broken bound, or the
    nearest bound of `fail` (of `warn` without `fail`) if the rule passes. Both are in `unit`. `metric` is the path of
    the number. `subject` names what else decided: the strategy that a correlation refers to. `reason_code` is one of
    the registry `reason_codes`; a consumer must accept a code that it does not know.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    rule: RuleName
    status: RuleStatus
    severity: Severity
    owner: Owner
    tags: Annotated[tuple[RuleTag, ...], Field(max_length=RULE_TAGS_MAX_COUNT)] = ()
    reason_code: Annotated[str, Field(pattern=REASON_CODE_PATTERN)]
    metric: Annotated[str, Field(min_length=1)] | None = None
    observed: Annotated[float, Field(allow_inf_nan=False)] | None = None
    limit: Annotated[float, Field(allow_inf_nan=False)] | None = None
    unit: Annotated[str, Field(min_length=1, max_length=NAME_MAX_CHARS)]
    subject: Annotated[str, Field(min_length=1)] | None = None
