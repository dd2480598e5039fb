"""The receipt of an evaluation: what went in, and the digest of what came out, so that both can be checked again."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.canonical import content_hash
from risk_hub_contracts.ids import CONTENT_HASH_PATTERN, SHA256_PATTERN

_FROZEN = ConfigDict(frozen=True, extra="forbid")
UNSIGNED: Final = "sha256:" + "0" * 64


class RiskParameters(BaseModel):
    """Every choice that shapes the numbers beside the inputs."""

    model_config = _FROZEN

    confidences_bps: list[int]
    horizon_periods: int
    psd_tolerance: float
    exact_max_assets: int
    attribution_confidence_bps: int
    attribution_max_assets: int
    windows: list[int]
    window_confidence_bps: int
    fallback: Literal["none", "correlation_one"]
    legacy_method: bool


class RiskReceipt(BaseModel):
    """Engine, parameters and digests of the inputs, and `result_hash` over everything computed from them."""

    model_config = _FROZEN

    engine_version: str
    parameters: RiskParameters
    content_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]
    inputs: dict[str, Annotated[str, Field(pattern=SHA256_PATTERN)]]
    result_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]


def result_hash(report: Mapping[str, Any]) -> str:
    """Return `sha256:<hex>` over the RFC 8785 form of a report document.

    All of it counts, its receipt too, except the instant at which it was made (`evaluated_at`) and the hash itself.
    """
    receipt = {name: value for name, value in report["receipt"].items() if name != "result_hash"}
    computed = {name: value for name, value in report.items() if name != "evaluated_at"}
    return content_hash({**computed, "receipt": receipt})
