"""The scalar types of a request: names, choices and bounded numbers, with the patterns of their JSON Schema."""

from typing import Annotated, Literal

from pydantic import Field

from risk_hub_contracts.base import ids, limits

WeightsBasis = Literal["net_asset_value", "gross_exposure"]
Frequency = Literal["daily", "weekly", "monthly"]
CovarianceRepair = Literal["nearest_correlation", "clip"]
MissingRule = Literal["complete_case", "available_case"]

Id = Annotated[str, Field(json_schema_extra={"pattern": ids.ID_PATTERN})]
AssetId = Annotated[
    str,
    Field(
        json_schema_extra={
            "pattern": ids.ASSET_ID_PATTERN,
            "minLength": 1,
            "maxLength": limits.ASSET_ID_MAX_CHARS,
        },
    ),
]
Name = Annotated[
    str,
    Field(
        json_schema_extra={"pattern": ids.NAME_PATTERN, "minLength": 1, "maxLength": limits.NAME_MAX_CHARS}
    ),
]
PairKey = Annotated[str, Field(json_schema_extra={"pattern": ids.PAIR_PATTERN})]
Number = Annotated[
    float,
    Field(ge=-limits.NUMBER_MAX_ABS, le=limits.NUMBER_MAX_ABS, allow_inf_nan=False),
]
Weight = Annotated[float, Field(ge=-limits.WEIGHT_MAX_ABS, le=limits.WEIGHT_MAX_ABS, allow_inf_nan=False)]
Return = Annotated[float, Field(ge=-limits.RETURN_MAX_ABS, le=limits.RETURN_MAX_ABS, allow_inf_nan=False)]
PositiveNumber = Annotated[float, Field(gt=0, le=limits.NUMBER_MAX_ABS, allow_inf_nan=False)]
