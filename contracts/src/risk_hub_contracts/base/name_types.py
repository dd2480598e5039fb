"""Types of the ids and names of evaluations: one definition for policies, runs and requests."""

from typing import Annotated

from pydantic import AfterValidator, Field

from risk_hub_contracts.base.ids import ID_PATTERN, NAME_PATTERN, name_violation
from risk_hub_contracts.base.limits import ID_MAX_CHARS, NAME_MAX_CHARS

__all__ = ["Identifier", "Name"]


def _name(value: str) -> str:
    violation = name_violation(value)
    if violation is not None:
        raise ValueError(violation)
    return value


Identifier = Annotated[str, Field(pattern=ID_PATTERN, max_length=ID_MAX_CHARS)]
"""An id of a world, a run, a policy or a version: ASCII letters, digits and a few signs."""
Name = Annotated[
    str,
    Field(min_length=1, max_length=NAME_MAX_CHARS, json_schema_extra={"pattern": NAME_PATTERN}),
    AfterValidator(_name),
]
"""The name of a strategy, a metric or a scenario: any script and any visible character, in one spelling (NFC)."""
