"""Query parameters of the routes of evaluation policies."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.api.queries import Cursor, Limit, Version
from risk_hub_contracts.base import limits


class ActivationsQuery(BaseModel):
    """Parameters of `GET …/policy/history`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[Limit, Field(description="Entries per page.")] = limits.LIST_LIMIT_DEFAULT
    cursor: Annotated[Cursor | None, Field(description="`next_cursor` of the previous page.")] = None


class RolloutHistoryQuery(ActivationsQuery):
    """Parameters of `GET …/rollout/history`."""


class PoliciesQuery(ActivationsQuery):
    """Parameters of `GET /risk-hub/policies`."""

    policy_id: Annotated[
        Version | None, Field(description="Only the versions of this policy; without it, all policies.")
    ] = None
