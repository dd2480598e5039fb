"""The receipt of an evaluation: what went in, and the digest of what came out, so that both can be checked again."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.canonical import content_hash
from risk_hub_contracts.ids import CONTENT_HASH_PATTERN, SHA256_PATTERN

_FROZEN = ConfigDict(frozen=True, extra="forbid")
UNSIGNED: Final = "sha256:" + "0" * 64


class RiskParameters(BaseModel):
    """Every choice that shapes the numbers beside the inputs.

    Below `trace_min`, `resolved_min_ratio`, `constant_max_ratio` and `share_of_var_min`, and above `relative_error_max`,
    a number would be rounding, and is null; `min_observations` and `methods` go by what is computed.
    """

    model_config = _FROZEN

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


class RiskReceipt(BaseModel):
    """Engine, parameters and digests of the inputs, and `result_hash` over everything computed from them.

    The hash leaves out when the report was made, where its parts lay and since when their bytes were in use.
    """

    model_config = _FROZEN

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
"""What a report says beyond its snapshot: when it was made, where its parts lay, since when their bytes were in use."""


def result_hash(report: Mapping[str, Any]) -> str:
    """Return `sha256:<hex>` over the RFC 8785 form of what a report document says of its snapshot.

    The same snapshot, engine version and parameters give the same hash, whatever the world saw before and wherever the
    parts lie: what NOT_HASHED lists does not count, and can be verified by no one. The age of dated returns counts.
    """
    return content_hash(hashed(report))


def hashed(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what counts of a report document; its receipt counts too, except the hash itself."""
    found = _without(report, "evaluated_at")
    found["receipt"] = _without(report["receipt"], "result_hash")
    found["inputs"] = [_without(given, "source") for given in report["inputs"]]
    if report.get("sufficiency") is not None:
        told = map(_of_the_snapshot, report["sufficiency"]["inputs"])
        found["sufficiency"] = {**report["sufficiency"], "inputs": list(told)}
    return found


def _of_the_snapshot(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an input's sufficiency says by its bytes alone."""
    dated = given["last_date"] is not None
    return _without(given, "known_since", *(() if dated else ("staleness_seconds",)))


def _without(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}
