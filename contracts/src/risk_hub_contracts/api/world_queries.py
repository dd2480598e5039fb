"""Query parameters of the world registry's routes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.api.queries import Cursor, Limit, Stage, Version
from risk_hub_contracts.base import limits


class StageQuery(BaseModel):
    """Parameters of every request about one world and stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[Stage, Field(description="A stage of this deployment.")]


class ExitPolicyQuery(StageQuery):
    """Parameters of `GET …/exit-policy`."""

    version: Annotated[
        Version | None, Field(description="A stored version; without it, the policy in force.")
    ] = None


class WorldsQuery(BaseModel):
    """Parameters of `GET /risk-hub/worlds`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[Limit, Field(description="Worlds per page.")] = limits.WORLDS_PAGE_MAX_COUNT
    cursor: Annotated[Cursor | None, Field(description="`next_cursor` of the previous page.")] = None
