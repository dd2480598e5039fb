"""Models of the hub's answers, for the schemas: no defaults; a field that may be absent is never null."""

from typing import Annotated, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from risk_hub_contracts.base import ids, limits
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.snapshot.request import (
    AssetIds,
    CovarianceUpper,
    FreeObject,
    RealizedReturns,
    Scenario,
)
from risk_hub_contracts.snapshot.request_facts import (
    CovarianceMeta,
    Portfolio,
    PortfolioReturns,
    ReturnsMeta,
    RiskOptions,
)
from risk_hub_contracts.snapshot.scalars import Id, Name, Number, Weight

__all__ = [
    "AnnouncedSnapshot",
    "ContentHash",
    "ContractAnswer",
    "HealthAnswer",
    "Instant",
    "ProblemAnswer",
    "ProvenanceAnswer",
    "Sha256",
    "SnapshotAnswer",
    "SnapshotPage",
    "StoredDocument",
]

ContentHash = Annotated[str, Field(pattern=ids.CONTENT_HASH_PATTERN)]
Sha256 = Annotated[str, Field(pattern=ids.SHA256_PATTERN)]
_CLOSED = ConfigDict(extra="forbid")


class CovarianceFactors(TypedDict):
    """A covariance in factor form, F F' + diag(specific); returned when a blob of that layout is expanded."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    ids: AssetIds
    factors: list[list[Number]]
    specific: list[Number]


class RefAnswer(TypedDict):
    """A large component by reference, with a short-lived `download_url` if it would not fit the answer."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    ref: str
    sha256: Sha256
    bytes: NotRequired[int]
    kind: BlobKind
    download_url: NotRequired[str]


class ProvenanceAnswer(TypedDict):
    """The producer's provenance, with the actor and stage of the headers."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]

    actor: str
    stage: str


class StoredDocument(TypedDict):
    """The contract's fields of a stored snapshot, with large components as references."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: Id
    version: Id
    as_of: Annotated[Instant, Field(description="As the producer sent it.")]
    weights: dict[str, Weight]
    covariance: NotRequired[CovarianceUpper | CovarianceFactors]
    covariance_ref: NotRequired[RefAnswer]
    realized_returns: NotRequired[RealizedReturns]
    realized_returns_ref: NotRequired[RefAnswer]
    stress: NotRequired[dict[Name, Scenario]]
    stress_ref: NotRequired[RefAnswer]
    portfolio: NotRequired[Portfolio]
    returns_meta: NotRequired[ReturnsMeta]
    covariance_meta: NotRequired[CovarianceMeta]
    portfolio_returns: NotRequired[PortfolioReturns]
    risk: NotRequired[RiskOptions]
    constraints: NotRequired[FreeObject]
    ttl_sec: int
    provenance: ProvenanceAnswer


class AnnouncedSnapshot(StoredDocument):
    """A stored snapshot as announced: the contract's fields and the hub's own (instants are RFC 3339 UTC)."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    as_of_utc: Annotated[Instant, Field(description="The same instant in UTC, with microseconds.")]
    content_hash: ContentHash
    created_at: Annotated[Instant, Field(description="The hub's clock when it accepted the snapshot.")]
    expires_at: Annotated[Instant, Field(description="created_at plus ttl_sec.")]


class SnapshotAnswer(AnnouncedSnapshot):
    """A stored snapshot as returned to a reader."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    expired: Annotated[bool, Field(description="Whether it had expired when this answer was made.")]


class SnapshotPage(BaseModel):
    """One page of a world's snapshots; `next_cursor` is null on the last one."""

    model_config = _CLOSED

    snapshots: list[SnapshotAnswer]
    next_cursor: Annotated[str, Field(max_length=limits.CURSOR_MAX_CHARS)] | None


class StageLimits(BaseModel):
    """The limits of this deployment that depend on X-Stage."""

    model_config = _CLOSED

    gross_exposure_max: Annotated[
        float, Field(gt=0, description="The maximum sum of the absolute weights of a snapshot.")
    ]


class ContractAnswer(BaseModel):
    """The contract that this deployment serves: its version, its stages, and every limit by name."""

    model_config = _CLOSED

    contract_version: str
    stages: Annotated[list[str], Field(description="The stages that X-Stage may name.")]
    limits: dict[str, bool | int | float]
    stage_limits: Annotated[dict[str, StageLimits], Field(description="Further limits, by X-Stage.")]


class HealthAnswer(BaseModel):
    """The hub is up."""

    model_config = _CLOSED

    status: Literal["ok"]
    contract_version: str


class ViolationAnswer(BaseModel):
    """One broken rule: an RFC 6901 pointer into the body (or `/<parameter>`), and what is allowed."""

    model_config = _CLOSED

    pointer: str
    detail: str


class ProblemAnswer(TypedDict):
    """An RFC 9457 problem; the members after `errors_omitted` belong to single types."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    type: Annotated[str, Field(description="A stable URI; programs branch on it.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="What is wrong, and where.")]
    remedy: Annotated[str, Field(description="What to send or to do instead.")]
    instance: NotRequired[str]
    errors: NotRequired[Annotated[list[ViolationAnswer], Field(max_length=limits.VIOLATIONS_MAX_COUNT)]]
    errors_omitted: NotRequired[
        Annotated[int, Field(ge=1, description="The number of violations that are not listed.")]
    ]
    stored_hash: NotRequired[Annotated[ContentHash, Field(description="version-conflict: the stored hash.")]]
    offered_hash: NotRequired[
        Annotated[ContentHash, Field(description="version-conflict: the hash that was sent.")]
    ]
    expected_hash: NotRequired[Annotated[ContentHash, Field(description="hash-mismatch: the body's hash.")]]
    last_expired_at: NotRequired[Annotated[Instant, Field(description="snapshot-expired: the last expiry.")]]
    earliest_as_of: NotRequired[
        Annotated[Instant, Field(description="snapshot-not-found: the earliest as_of that matches.")]
    ]
    version: NotRequired[
        Annotated[Id, Field(description="The snapshot whose report or document is missing.")]
    ]
    expired_at: NotRequired[Annotated[Instant, Field(description="will-not-be-evaluated: its expiry.")]]
    command: NotRequired[
        Annotated[
            str, Field(description="will-not-be-evaluated: the command with which an operator evaluates it.")
        ]
    ]
    ref: NotRequired[Annotated[RefAnswer, Field(description="blob-unavailable: the blob.")]]
