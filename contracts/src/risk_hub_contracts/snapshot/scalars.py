"""The scalar types of a request: names and bounded numbers, with the patterns that their JSON Schema shows."""

from typing import Annotated

from pydantic import Field

from risk_hub_contracts.base import ids, limits

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
