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
from risk_hub_contracts.base.numbers import number_faults
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
from risk_hub_contracts.snapshot.covariance import Triangle, read_covariance
from risk_hub_contracts.snapshot.components import Part, covariance_part
from risk_hub_contracts.snapshot.request import KINDS, REF_FIELDS, shape_faults
from risk_hub_contracts.snapshot.rules import Setting, rule_faults
from risk_hub_contracts.snapshot.type import Snapshot

__all__ = ["Part", "Snapshot", "parse_snapshot", "parse_snapshot_document"]

_REF_ROOTS: Final = frozenset(REF_FIELDS.values())


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
        raise _refusal([Violation("", "the body must be a JSON object")])
    setting = Setting(world_id, actor, stage, now, bucket)
    return _parse(parsed.value, setting, small_numbers=parsed.small_numbers)


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
    return _parse(body, Setting(world_id, actor, stage, now, bucket), small_numbers=False)


def _parse(body: dict[str, Any], setting: Setting, *, small_numbers: bool) -> Snapshot:
    _refuse_other_world(body, setting.world_id)
    faults = shape_faults(body)
    sound = _without_broken(body, faults)
    faults += rule_faults(sound, setting)
    triangle = _read_triangle(sound, faults)
    refs = _read_refs(sound, setting, faults)
    if not small_numbers:
        seen = {fault.pointer for fault in faults}
        faults += [fault for fault in number_faults(sound) if fault.pointer not in seen]
    if faults:
        raise _refusal(faults)
    snapshot = _assemble(sound, setting, tuple(_parts(sound, triangle, refs)))
    _check_claim(body, snapshot)
    return snapshot


def _refuse_other_world(body: Mapping[str, Any], world_id: str) -> None:
    named = body.get("world_id", world_id)
    if isinstance(named, str) and named != world_id:
        raise ProblemError(
            WORLD_MISMATCH,
            f"The body names world {named[:ID_MAX_CHARS]!a}, the path {world_id!a}.",
            [Violation("/world_id", "must equal the world of the path, or be left out")],
        )


def _without_broken(body: Mapping[str, Any], faults: Sequence[Violation]) -> dict[str, Any]:
    broken = {_root(fault) for fault in faults}
    return {field: value for field, value in body.items() if field not in broken}


def _root(fault: Violation) -> str:
    """Return the top-level field; an unknown field may stay escaped, because it is never looked up."""
    return fault.pointer.split("/", 2)[1] if fault.pointer else ""


def _read_triangle(sound: Mapping[str, Any], faults: list[Violation]) -> Triangle | None:
    if "covariance" not in sound:
        return None
    return read_covariance(sound["covariance"], sound.get("weights", {}), faults)


def _read_refs(sound: Mapping[str, Any], setting: Setting, faults: list[Violation]) -> dict[str, BlobRef]:
    refs: dict[str, BlobRef] = {}
    for kind in KINDS:
        if REF_FIELDS[kind] in sound:
            try:
                refs[kind] = parse_ref(
                    sound[REF_FIELDS[kind]],
                    world_id=setting.world_id,
                    kind=kind,
                    bucket=setting.bucket,
                )
            except ProblemError as problem:
                faults += problem.violations
    return refs


def _parts(
    sound: Mapping[str, Any],
    triangle: Triangle | None,
    refs: Mapping[str, BlobRef],
) -> Iterator[Part]:
    for kind in KINDS:
        if kind in refs:
            yield Part.from_ref(refs[kind])
        elif kind == "covariance" and triangle is not None:
            yield covariance_part(triangle.ids, triangle.upper)
        elif kind in sound:
            yield Part.from_document(kind, sound[kind])


def _assemble(sound: Mapping[str, Any], setting: Setting, parts: tuple[Part, ...]) -> Snapshot:
    as_of = parse_instant(sound["as_of"])
    hashed = {
        "world_id": setting.world_id,
        "version": sound["version"],
        "as_of": format_instant(as_of),
        "weights": {asset_id: weight + 0.0 for asset_id, weight in sound["weights"].items()},
        "ttl_sec": sound.get("ttl_sec", TTL_DEFAULT_SECONDS),
        "provenance": sound.get("provenance", {}) | {"actor": setting.actor, "stage": setting.stage},
    }
    if "constraints" in sound:
        hashed["constraints"] = sound["constraints"]
    leaves = {part.kind: f"sha256:{part.sha256}" for part in parts}
    return Snapshot(
        world_id=setting.world_id,
        version=sound["version"],
        as_of=as_of,
        as_of_text=sound["as_of"],
        weights=hashed["weights"],
        parts=parts,
        constraints=sound.get("constraints"),
        ttl_sec=hashed["ttl_sec"],
        provenance=hashed["provenance"],
        content_hash=content_hash(hashed | leaves),
    )


def _check_claim(body: Mapping[str, Any], snapshot: Snapshot) -> None:
    claim = body.get("hash", snapshot.content_hash)
    if claim == snapshot.content_hash or claim == _client_digest(body, claim):
        return
    detail = f"must be {snapshot.content_hash}, the content hash of this snapshot, or be left out"
    raise ProblemError(
        HASH_MISMATCH,
        f"The content hash of this snapshot is {snapshot.content_hash}; the body claims another.",
        [Violation("/hash", detail)],
        {"expected_hash": snapshot.content_hash},
    )


def _client_digest(body: Mapping[str, Any], claim: str) -> str | None:
    for algorithm in get_args(DigestAlgorithm):
        if claim.startswith(f"{algorithm}:"):
            return gateway_digest(body, algorithm)
    return None


def _refusal(faults: Sequence[Violation]) -> ProblemError:
    refs_only = all(_root(fault) in _REF_ROOTS for fault in faults)
    problem = REF_INVALID if refs_only else CONTRACT_VIOLATION
    return ProblemError(problem, summary(faults, "The body"), faults)
