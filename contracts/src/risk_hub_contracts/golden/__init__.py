"""Golden examples of the contract: bodies with the answer that every implementation must give.

`examples/valid` holds accepted bodies with their content hash, `examples/invalid` rejected ones with status,
type and pointers. Clients in other languages can use these files as test data.
"""

from typing import Any

from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.golden.cases import Invalid, Valid, example_request, raw_body
from risk_hub_contracts.golden.invalid_bodies import INVALID_BODIES
from risk_hub_contracts.golden.invalid_components import INVALID_COMPONENTS
from risk_hub_contracts.golden.invalid_facts import INVALID_FACTS
from risk_hub_contracts.golden.invalid_texts import INVALID_TEXTS
from risk_hub_contracts.golden.valid_bodies import VALID_BODIES
from risk_hub_contracts.golden.valid_components import VALID_COMPONENTS
from risk_hub_contracts.golden.valid_facts import VALID_FACTS
from risk_hub_contracts.snapshot.parse import Snapshot, parse_snapshot

__all__ = ["accept", "example_files", "raw_body"]


def example_files() -> dict[str, dict[str, Any]]:
    """Return every example, by `valid/<name>` or `invalid/<name>`."""
    valid = {f"valid/{case.name}": _valid(case) for case in (*VALID_BODIES, *VALID_COMPONENTS, *VALID_FACTS)}
    refused = (*INVALID_TEXTS, *INVALID_BODIES, *INVALID_COMPONENTS, *INVALID_FACTS)
    return valid | {f"invalid/{case.name}": _invalid(case) for case in refused}


def accept(request: dict[str, Any]) -> Snapshot:
    """Return the snapshot of an example's request, read as the hub reads it.

    Raises:
        ProblemError: the body is refused.
    """
    return parse_snapshot(
        raw_body(request),
        world_id=request["world_id"],
        actor=request["headers"]["X-Actor"],
        stage=request["headers"]["X-Stage"],
        now=parse_instant(request["now"]),
        bucket=request["bucket"],
    )


def _valid(case: Valid) -> dict[str, Any]:
    request = example_request(case.body)
    expected = {"content_hash": accept(request).content_hash}
    group = {} if case.group is None else {"group": case.group}
    return {"name": case.name, "why": case.why, **group, "request": request, "expected": expected}


def _invalid(case: Invalid) -> dict[str, Any]:
    expected = {
        "status": case.problem.status,
        "type": case.problem.uri,
        "pointers": sorted(case.pointers),
    }
    return {
        "name": case.name,
        "why": case.why,
        "request": example_request(case.content),
        "expected": expected,
    }
