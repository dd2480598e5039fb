"""What a read asks: the query string of a request as one of the contract's queries."""

from typing import TypeVar

from pydantic import BaseModel

from functions.hub.http.request import Request
from risk_hub_contracts.queries import parse_query

Question = TypeVar("Question", bound=BaseModel)


def asked(model: type[Question], request: Request) -> Question:
    """Return the question, or refuse the request (`invalid-query`)."""
    every_value = request.query
    return parse_query(model, {name: values[-1] for name, values in every_value.items()}, every_value)
