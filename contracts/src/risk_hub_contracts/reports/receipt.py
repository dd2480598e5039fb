"""Receipt of an evaluation: digests of its inputs and of its result, for later verification."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from risk_hub_contracts.base.canonical import content_hash
from risk_hub_contracts.base.ids import CONTENT_HASH_PATTERN, SHA256_PATTERN
from risk_hub_contracts.reports.units import REPORT_MODEL

PLACEHOLDER_RESULT_HASH: Final = "sha256:" + "0" * 64


class RiskParameters(BaseModel):
    """Every parameter, in addition to the inputs, that affects the numbers.

    Below `trace_min`, `resolved_min_ratio`, `constant_max_ratio` and `share_of_var_min`, and above
    `relative_error_max`, a number would be rounding noise and is null; `min_observations` and `methods`
    differ by measure. `warning_thresholds` has the bounds of the warnings by name. The volatility of an
    estimated covariance is shrunk only below `shrink_below_observations_per_asset` observations per asset: 0
    (never) from engine 3.0 on. Members with a default are missing from receipts of engines before 3.0.
    """

    model_config = REPORT_MODEL

    confidences_bps: list[int]
    horizon_periods: int
    periods_per_year: int
    psd_tolerance: float
    correlation_max_excess: float
    margin_decimals: int
    trace_min: float
    number_max_abs: float
    return_max_abs: float
    resolved_min_ratio: float
    constant_max_ratio: float
    exact_max_assets: int
    min_observations: dict[str, int]
    shrink_below_observations_per_asset: int
    attribution_confidence_bps: int
    attribution_max_assets: int
    relative_error_max: float
    share_of_var_min: float
    windows: list[int]
    window_confidence_bps: int
    methods: dict[str, str]
    fallback: Literal["none", "correlation_one"]
    legacy_method: bool
    legacy_var_sigmas: float
    legacy_es_per_var: float
    warning_thresholds: dict[str, float] = {}
    tail_confidences_bps: list[int] = []
    tail_min_observations: int | None = None
    window_min_observations: int | None = None
    window_look_back_factor: int | None = None


class RiskReceipt(BaseModel):
    """Engine, parameters and digests of the inputs, and `result_hash` over everything computed from them.

    The hash excludes the report's time, the location of components, and since when their bytes were in use.
    """

    model_config = REPORT_MODEL

    engine_version: str
    parameters: RiskParameters
    content_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]
    inputs: dict[str, Annotated[str, Field(pattern=SHA256_PATTERN)]]
    result_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]


NOT_HASHED: Final = (
    "/evaluated_at",
    "/inputs/*/source",
    "/sufficiency/inputs/*/known_since",
    "/sufficiency/inputs/*/staleness_seconds of an input without last_date",
)
"""Members that do not follow from the snapshot: report time, component locations, first uses of bytes."""


def result_hash(report: Mapping[str, Any]) -> str:
    """Return `sha256:<hex>` over the RFC 8785 form of a report's members that follow from its snapshot.

    The same snapshot, engine version and parameters give the same hash, independent of the world's history
    and of where components are stored: members in NOT_HASHED are excluded and cannot be verified. The age of
    dated returns is included.
    """
    return content_hash(hashed_members(report))


def hashed_members(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hashed members of a report document, its receipt included except the hash itself."""
    found = _without(report, "evaluated_at")
    found["receipt"] = _without(report["receipt"], "result_hash")
    found["inputs"] = [_without(given, "source") for given in report["inputs"]]
    if report.get("sufficiency") is not None:
        snapshot_inputs = map(_snapshot_members, report["sufficiency"]["inputs"])
        found["sufficiency"] = {**report["sufficiency"], "inputs": list(snapshot_inputs)}
    return found


def _snapshot_members(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an input's sufficiency that depend on its bytes only."""
    dated = given["last_date"] is not None
    return _without(given, "known_since", *(() if dated else ("staleness_seconds",)))


def _without(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}
