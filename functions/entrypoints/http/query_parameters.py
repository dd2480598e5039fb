"""The query string of a request as one of the contract's queries."""

from typing import TypeVar

from pydantic import BaseModel

from functions.entrypoints.http.request import Request
from risk_hub_contracts.api.queries import parse_query

QueryT = TypeVar("QueryT", bound=BaseModel)


def parse_query_parameters(model: type[QueryT], request: Request) -> QueryT:
    """Return the query, or refuse the request (`invalid-query`).

    Every route refuses a stage that this deployment does not have: no snapshot can have it, so an empty
    answer would hide a mistyped name.
    """
    every_value = request.query
    last_values = {name: values[-1] for name, values in every_value.items()}
    return parse_query(model, last_values, every_value, request.stages)
