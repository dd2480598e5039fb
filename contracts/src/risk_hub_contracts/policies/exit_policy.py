"""Exit policy of one world and stage: when the engine asks a strategy to reduce, leave or hold.

A limit is met *at* its value and broken past it. Losses are positive fractions of portfolio value. A limit whose
number is missing is not met: `on_missing` says what the engine asks for.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from risk_hub_contracts.base.ids import (
    ASSET_ID_PATTERN,
    CODE_PATTERN,
    ID_PATTERN,
    NAME_PATTERN,
    asset_id_violation,
    has_visible_character,
    name_violation,
)
from risk_hub_contracts.base.limits import ASSET_ID_MAX_CHARS, ID_MAX_CHARS, NAME_MAX_CHARS
from risk_hub_contracts.reports.exit_signal import Action
from risk_hub_contracts.reports.risk import MeasureName, RiskWindow

EXIT_LIMITS_MAX_COUNT: Final = 100
EXIT_LIST_MAX_COUNT: Final = 200
COOL_DOWN_MIN_SECONDS: Final = 1
COOL_DOWN_MAX_SECONDS: Final = 31 * 86_400
STALENESS_MAX_SECONDS: Final = 31 * 86_400
WARNING_CODES_MAX_COUNT: Final = 100
WARNING_CODE_MAX_CHARS: Final = 128

LimitMethod = Literal["parametric_normal", "historical", "legacy_v1", "historical_upper"]
Response = Literal["hold", "exit", "reduce", "ignore"]
"""The action for a number that is missing or a report that warns; `ignore` gives no signal."""

REGISTERING: Final[Mapping[str, bool]] = MappingProxyType({"registering": True})
"""Validation context of a policy that is put: its names must be names that a snapshot can have.

A policy that is read may be older than this rule. It stays readable, because a policy that cannot be read stops
the exit engine.
"""


def _name_validator(violation_of: Callable[[str], str | None]) -> AfterValidator:
    """Return the validator of a name: a name that is put obeys the rule, a stored one must be visible."""

    def check(value: str, info: ValidationInfo) -> str:
        fault = violation_of(value) if info.context is REGISTERING else None
        if not has_visible_character(value):
            fault = "must have at least one visible character"
        if fault is not None:
            raise ValueError(fault)
        return value

    return AfterValidator(check)


Loss = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
AssetId = Annotated[
    str,
    Field(min_length=1, max_length=ASSET_ID_MAX_CHARS, json_schema_extra={"pattern": ASSET_ID_PATTERN}),
    _name_validator(asset_id_violation),
]
ScenarioName = Annotated[
    str,
    Field(min_length=1, max_length=NAME_MAX_CHARS, json_schema_extra={"pattern": NAME_PATTERN}),
    _name_validator(name_violation),
]
WarningCode = Annotated[str, Field(pattern=CODE_PATTERN, max_length=WARNING_CODE_MAX_CHARS)]
StrategyId = Annotated[str, Field(pattern=ID_PATTERN, max_length=ID_MAX_CHARS)]

_FROZEN = ConfigDict(frozen=True, extra="forbid")


def _require_reduce(action: Action, ratio: float | None) -> None:
    if ratio is not None and action != "reduce":
        raise ValueError(f"ratio goes with action reduce only; leave it out for {action}")


class LossLimit(BaseModel):
    """The greatest allowed loss, and the action past it.

    `ratio` is the share of the position to give up by a `reduce`; without it, the share that brings the loss
    back to the limit, `1 - max_loss / loss`. `on_missing` is the action if the loss is not computed.
    """

    model_config = _FROZEN

    max_loss: Loss
    action: Action = "reduce"
    ratio: Ratio | None = None
    on_missing: Response = "hold"

    @model_validator(mode="after")
    def _ratio_goes_with_reduce(self) -> Self:
        _require_reduce(self.action, self.ratio)
        return self


class MeasureLimit(LossLimit):
    """A limit on one measure of the risk report."""

    measure: MeasureName
    method: LimitMethod
    confidence_bps: Annotated[int, Field(ge=1, le=9_999)] | None = None


class StressLimit(LossLimit):
    """A limit on the stress loss under one scenario; without `scenario`, on the worst loss of all.

    The loss is the worst of the computed one and the producer's own. A loss of the covered assets alone that
    passes the limit breaks it too.
    """

    scenario: ScenarioName | None = None


class DrawdownLimit(LossLimit):
    """A limit on the risk report's greatest drawdown over the last `window` days or observations."""

    window: RiskWindow


class GrossLimit(BaseModel):
    """The greatest gross exposure (sum of the weights' magnitudes) of a snapshot, and what to do past it.

    `ratio` is the share of the position to give up by a `reduce`; without it, the share that brings the
    exposure back to the limit, `1 - max_gross / gross exposure`.
    """

    model_config = _FROZEN

    max_gross: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    action: Action = "reduce"
    ratio: Ratio | None = None

    @model_validator(mode="after")
    def _ratio_goes_with_reduce(self) -> Self:
        _require_reduce(self.action, self.ratio)
        return self


class StalenessLimit(BaseModel):
    """The greatest age of a snapshot at its evaluation: `evaluated_at` minus `as_of`, in seconds."""

    model_config = _FROZEN

    max_age_seconds: Annotated[int, Field(ge=1, le=STALENESS_MAX_SECONDS)]
    action: Literal["exit", "hold"] = "hold"


class ExitList(BaseModel):
    """Assets and strategies listed by a person."""

    model_config = _FROZEN

    assets: Annotated[tuple[AssetId, ...], Field(max_length=EXIT_LIST_MAX_COUNT)] = ()
    strategies: Annotated[tuple[StrategyId, ...], Field(max_length=EXIT_LIST_MAX_COUNT)] = ()


class ExitPolicy(BaseModel):
    """The rules of the exit engine for one world and stage.

    `freeze` asks to hold what is held, `drain` to leave it. Within a cool-down window a rule signals again only
    if it asks for more. `absent_inputs` says whether a number counts as missing if the snapshot has no input
    for it at all. `on_warning` maps codes of the reports' warnings to actions. `fallback_ratio` is the share to
    give up by a `reduce` for a missing number (unless its limit has a `ratio`) or a warning.
    """

    model_config = _FROZEN

    version: Annotated[str, Field(pattern=ID_PATTERN)]
    cool_down_seconds: Annotated[int, Field(ge=COOL_DOWN_MIN_SECONDS, le=COOL_DOWN_MAX_SECONDS)]
    measures: Annotated[tuple[MeasureLimit, ...], Field(max_length=EXIT_LIMITS_MAX_COUNT)] = ()
    stress: Annotated[tuple[StressLimit, ...], Field(max_length=EXIT_LIMITS_MAX_COUNT)] = ()
    drawdown: Annotated[tuple[DrawdownLimit, ...], Field(max_length=EXIT_LIMITS_MAX_COUNT)] = ()
    gross: Annotated[tuple[GrossLimit, ...], Field(max_length=EXIT_LIMITS_MAX_COUNT)] = ()
    staleness: StalenessLimit | None = None
    freeze: ExitList = ExitList()
    drain: ExitList = ExitList()
    absent_inputs: Literal["missing", "ignore"] = "missing"
    on_warning: Annotated[dict[WarningCode, Response], Field(max_length=WARNING_CODES_MAX_COUNT)] = {}
    fallback_ratio: Ratio | None = None

    @model_validator(mode="after")
    def _one_limit_per_rule(self) -> Self:
        _require_distinct((m.measure, m.method, m.confidence_bps, m.action) for m in self.measures)
        _require_distinct((s.scenario, s.action) for s in self.stress)
        _require_distinct((d.window, d.action) for d in self.drawdown)
        _require_distinct(("gross exposure", g.action) for g in self.gross)
        return self


def _require_distinct(rules: Iterable[tuple[object, ...]]) -> None:
    seen = set()
    for rule in rules:
        if rule in seen:
            named = ", ".join(str(part) for part in rule if part is not None)
            raise ValueError(f"two limits for ({named}); keep the stricter one")
        seen.add(rule)


ADDED_MEMBERS: Final[Mapping[str, object]] = MappingProxyType(
    {"gross": [], "absent_inputs": "missing", "on_warning": {}, "fallback_ratio": None}
)
"""Members that release 1.0 refuses in a stored policy, with their defaults."""


def stored_text(policy: ExitPolicy) -> str:
    """Return the JSON of a policy as it is stored: without added members that have their default.

    After a rollback, release 1.0 can read the policies without such members.
    """
    document = policy.model_dump(mode="json")
    for name, default in ADDED_MEMBERS.items():
        if document[name] == default:
            del document[name]
    for limit in (*document["measures"], *document["stress"], *document["drawdown"]):
        if limit["on_missing"] == "hold":
            del limit["on_missing"]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


DEFAULT_POLICY: Final = ExitPolicy(
    version="default_v1",
    cool_down_seconds=3_600,
    measures=(
        MeasureLimit(
            measure="value_at_risk", method="parametric_normal", confidence_bps=9_900, max_loss=0.10
        ),
        MeasureLimit(
            measure="expected_shortfall", method="parametric_normal", confidence_bps=9_900, max_loss=0.12
        ),
    ),
    stress=(StressLimit(max_loss=0.40),),
    staleness=StalenessLimit(max_age_seconds=86_400),
    absent_inputs="ignore",
)
"""The policy in force if none is stored for a world and stage.

No operator chose these limits, so a snapshot without covariance, returns or scenarios gives no signal. An
input that is present but gives no number does give a signal (ADR-0044).
"""
