"""Parsing of a request body to the snapshot that all other code uses.

`parse_snapshot` is the whole contract for a body. It is pure: the clock, the world, the actor and the stage
are arguments. Two layers find every fault before it answers (`request`: types and bounds; `rules` and
`covariance`: grammars and relations), and a new snapshot's content hash is computed here and nowhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.canonical import DigestAlgorithm, content_hash, gateway_digest
from risk_hub_contracts.base.limits import ID_MAX_CHARS, TTL_DEFAULT_SECONDS
from risk_hub_contracts.base.numbers import number_violations
from risk_hub_contracts.base.problems import (
    CONTRACT_VIOLATION,
    HASH_MISMATCH,
    REF_INVALID,
    WORLD_MISMATCH,
    ProblemError,
    Violation,
    summary,
)
from risk_hub_contracts.base.times import format_instant, parse_instant
from risk_hub_contracts.blob.refs import BlobRef, parse_ref
from risk_hub_contracts.snapshot.components import Component, covariance_component
from risk_hub_contracts.snapshot.covariance import Triangle, read_covariance
from risk_hub_contracts.snapshot.fact_rules import book_violations
from risk_hub_contracts.snapshot.request import FACTS, KINDS, REF_FIELDS, shape_violations
from risk_hub_contracts.snapshot.rules import RequestContext, rule_violations
from risk_hub_contracts.snapshot.type import Snapshot

__all__ = ["Component", "Snapshot", "parse_snapshot", "parse_snapshot_document"]

_REF_FIELD_NAMES: Final = frozenset(REF_FIELDS.values())
_IGNORED_FIELD: Final = "created_at"


def parse_snapshot(  # noqa: PLR0913 - each is a fact of the request, by keyword
    raw: bytes,
    *,
    world_id: str,
    actor: str,
    stage: str,
    now: datetime,
    bucket: str | None = None,
) -> Snapshot:
    """Read the body of a POST.

    Args:
        raw: the body, UTF-8 JSON.
        world_id: the world of the path.
        actor: `X-Actor`, already checked.
        stage: `X-Stage`, already checked and lower-case.
        now: the hub's clock.
        bucket: the hub's blob bucket; without it a reference may name any bucket.

    Raises:
        ProblemError: what `strict_json.loads` raises, world-mismatch, contract-violation and ref-invalid with
            every violation found, or hash-mismatch with `expected_hash`.
    """
    parsed = strict_json.read(raw)
    if not isinstance(parsed.value, dict):
        raise _contract_problem([Violation("", "the body must be a JSON object")])
    context = RequestContext(world_id, actor, stage, now, bucket)
    return _parse(parsed.value, context, small_numbers=parsed.small_numbers)


def parse_snapshot_document(  # noqa: PLR0913 - as parse_snapshot
    body: dict[str, Any],
    *,
    world_id: str,
    actor: str,
    stage: str,
    now: datetime,
    bucket: str | None = None,
) -> Snapshot:
    """Read a body that `strict_json.loads` has parsed; otherwise as `parse_snapshot`."""
    return _parse(body, RequestContext(world_id, actor, stage, now, bucket), small_numbers=False)


def _parse(body: dict[str, Any], context: RequestContext, *, small_numbers: bool) -> Snapshot:
    _require_same_world(body, context.world_id)
    violations = shape_violations(body)
    valid_fields = _valid_fields(body, violations)
    violations += rule_violations(valid_fields, context)
    if "portfolio" in valid_fields or "portfolio" not in body:
        violations += book_violations(valid_fields)
    triangle = _read_triangle(valid_fields, violations)
    refs = _read_refs(valid_fields, context, violations)
    if not small_numbers:
        seen = {violation.pointer for violation in violations}
        violations += [
            violation for violation in number_violations(valid_fields) if violation.pointer not in seen
        ]
    if violations:
        raise _contract_problem(violations)
    snapshot = _assemble(valid_fields, context, tuple(_components(valid_fields, triangle, refs)))
    _check_claim(body, snapshot)
    return snapshot


def _require_same_world(body: Mapping[str, Any], world_id: str) -> None:
    named = body.get("world_id", world_id)
    if isinstance(named, str) and named != world_id:
        raise ProblemError(
            WORLD_MISMATCH,
            f"The body has world {named[:ID_MAX_CHARS]!a}, the path {world_id!a}.",
            [Violation("/world_id", "must equal the world of the path, or be left out")],
        )


def _valid_fields(body: Mapping[str, Any], violations: Sequence[Violation]) -> dict[str, Any]:
    left_out = {_IGNORED_FIELD, *map(_top_level_field, violations)}
    return {field: value for field, value in body.items() if field not in left_out}


def _top_level_field(violation: Violation) -> str:
    """Return the top-level field; an unknown field may stay escaped, because it is never looked up."""
    return violation.pointer.split("/", 2)[1] if violation.pointer else ""


def _read_triangle(valid_fields: Mapping[str, Any], violations: list[Violation]) -> Triangle | None:
    if "covariance" not in valid_fields:
        return None
    return read_covariance(valid_fields["covariance"], valid_fields.get("weights", {}), violations)


def _read_refs(
    valid_fields: Mapping[str, Any], context: RequestContext, violations: list[Violation]
) -> dict[str, BlobRef]:
    refs: dict[str, BlobRef] = {}
    for kind in KINDS:
        if REF_FIELDS[kind] in valid_fields:
            try:
                refs[kind] = parse_ref(
                    valid_fields[REF_FIELDS[kind]],
                    world_id=context.world_id,
                    kind=kind,
                    bucket=context.bucket,
                )
            except ProblemError as problem:
                violations += problem.violations
    return refs


def _components(
    valid_fields: Mapping[str, Any],
    triangle: Triangle | None,
    refs: Mapping[str, BlobRef],
) -> Iterator[Component]:
    for kind in KINDS:
        if kind in refs:
            yield Component.from_ref(refs[kind])
        elif kind == "covariance" and triangle is not None:
            yield covariance_component(triangle.ids, triangle.upper)
        elif kind in valid_fields:
            dates = valid_fields.get("returns_meta", {}).get("dates") if kind == "realized_returns" else None
            yield Component.from_document(kind, valid_fields[kind], dates)


def _facts(valid_fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the optional objects as they are hashed: without empty ones, and without dates of the returns.

    The dates are hashed with the returns, inline as in a blob.
    """
    facts = {field: dict(valid_fields[field]) for field in FACTS if field in valid_fields}
    facts.get("returns_meta", {}).pop("dates", None)
    if "estimated_at" in (covariance := facts.get("covariance_meta", {})):
        covariance["estimated_at"] = format_instant(parse_instant(covariance["estimated_at"]))
    return {field: fact for field, fact in facts.items() if fact}


def _assemble(
    valid_fields: Mapping[str, Any], context: RequestContext, components: tuple[Component, ...]
) -> Snapshot:
    as_of = parse_instant(valid_fields["as_of"])
    hashed = {
        "world_id": context.world_id,
        "version": valid_fields["version"],
        "as_of": format_instant(as_of),
        "weights": {asset_id: weight + 0.0 for asset_id, weight in valid_fields["weights"].items()},
        "ttl_sec": valid_fields.get("ttl_sec", TTL_DEFAULT_SECONDS),
        "provenance": valid_fields.get("provenance", {}) | {"actor": context.actor, "stage": context.stage},
    }
    if "constraints" in valid_fields:
        hashed["constraints"] = valid_fields["constraints"]
    facts = _facts(valid_fields)
    leaves = {component.kind: f"sha256:{component.sha256}" for component in components}
    return Snapshot(
        world_id=context.world_id,
        version=valid_fields["version"],
        as_of=as_of,
        as_of_text=valid_fields["as_of"],
        weights=hashed["weights"],
        components=components,
        facts=facts,
        constraints=valid_fields.get("constraints"),
        ttl_sec=hashed["ttl_sec"],
        provenance=hashed["provenance"],
        content_hash=content_hash(hashed | facts | leaves),
    )


def _check_claim(body: Mapping[str, Any], snapshot: Snapshot) -> None:
    claim = body.get("hash", snapshot.content_hash)
    if claim == snapshot.content_hash or claim == _client_digest(body, claim):
        return
    detail = f"must be {snapshot.content_hash}, the content hash of this snapshot, or be left out"
    raise ProblemError(
        HASH_MISMATCH,
        f"The content hash of this snapshot is {snapshot.content_hash}; `hash` in the body differs.",
        [Violation("/hash", detail)],
        {"expected_hash": snapshot.content_hash},
    )


def _client_digest(body: Mapping[str, Any], claim: str) -> str | None:
    for algorithm in get_args(DigestAlgorithm):
        if claim.startswith(f"{algorithm}:"):
            return gateway_digest(body, algorithm)
    return None


def _contract_problem(violations: Sequence[Violation]) -> ProblemError:
    only_refs_invalid = all(_top_level_field(violation) in _REF_FIELD_NAMES for violation in violations)
    problem = REF_INVALID if only_refs_invalid else CONTRACT_VIOLATION
    return ProblemError(problem, summary(violations, "The body"), violations)
