"""The body of `POST .../snapshots`: the first layer of the contract (types and bounds), and its JSON Schema.

A field that may be absent is never null. Grammars and the rules between fields are the second layer (`rules`,
`covariance`), whose messages are clearer than a pattern mismatch; the schema still includes the patterns.
"""

from functools import cache
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from risk_hub_contracts.base import ids, limits
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.blob.refs import REF_PATTERN, IssuedRef
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.snapshot.scalars import AssetId, Id, Name, Number, PairKey, Return, Weight

__all__ = ["FACTS", "KINDS", "REF_FIELDS", "SnapshotBook", "covariance_form", "shape_violations"]

KINDS: Final[tuple[BlobKind, ...]] = ("covariance", "realized_returns", "stress")
REF_FIELDS: Final[dict[BlobKind, str]] = {kind: f"{kind}_ref" for kind in KINDS}
FACTS: Final[tuple[str, ...]] = ("portfolio", "returns_meta", "covariance_meta", "portfolio_returns", "risk")
"""The optional objects that state what the numbers of a snapshot mean."""
_TAGGED: Final = frozenset({"covariance", "realized_returns", *REF_FIELDS.values()})

# Limits the cost of a hostile list of 300 000 invalid entries: only the first one of each list is reported.
Numbers = Annotated[list[Number], Field(fail_fast=True)]
Series = Annotated[
    list[Return | None], Field(fail_fast=True, min_length=1, max_length=limits.RETURNS_SERIES_MAX_POINTS)
]
AssetIds = Annotated[
    list[AssetId],
    Field(min_length=1, max_length=limits.WEIGHTS_MAX_COUNT, json_schema_extra={"uniqueItems": True}),
]
PairMap = Annotated[dict[PairKey, Number], Field(min_length=1)]
FreeObject = dict[str, Any]

_STRICT = ConfigDict(extra="forbid", strict=True)


class CovarianceMatrix(TypedDict):
    """A square, symmetric matrix, row by row in the order of `ids`."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    ids: AssetIds
    matrix: list[Numbers]


class CovarianceUpper(TypedDict):
    """The packed upper triangle, row-major in the order of `ids`: n(n+1)/2 numbers."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    ids: AssetIds
    upper: Numbers


class Scenario(BaseModel):
    """Metrics of a stress scenario, and optionally the shocks behind them: asset id -> return.

    With `shocks`, a number `default` next to it is the shock of each asset that `shocks` does not name.
    """

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, Number] = Field(init=False)

    shocks: dict[AssetId, Return] = Field(default_factory=dict)


class Provenance(TypedDict):
    """The origin of the snapshot; `actor` and `stage` are filled in from the headers."""

    __pydantic_config__ = ConfigDict(extra="allow", strict=True)  # type: ignore[misc]

    actor: NotRequired[str]
    stage: NotRequired[str]


def covariance_form(value: object) -> Literal["pairs", "matrix", "upper"] | None:
    """Return which of the three inline forms a covariance uses; a pair key always contains , or :."""
    if not isinstance(value, dict):
        return None
    if "upper" in value:
        return "upper"
    return "matrix" if "matrix" in value or "ids" in value else "pairs"


def _map_or_list(value: object) -> str | None:
    if isinstance(value, dict):
        return "map"
    return "list" if isinstance(value, list) else None


def _uri_or_object(value: object) -> str | None:
    if isinstance(value, dict):
        return "object"
    return "uri" if isinstance(value, str) else None


Covariance = Annotated[
    Annotated[PairMap, Tag("pairs")]
    | Annotated[CovarianceMatrix, Tag("matrix")]
    | Annotated[CovarianceUpper, Tag("upper")],
    Discriminator(
        covariance_form,
        custom_error_type="form",
        custom_error_message="{wanted}",
        custom_error_context={"wanted": "must be an object: pairs, or ids with matrix, or ids with upper"},
    ),
]
RealizedReturns = Annotated[
    Annotated[dict[AssetId, Series], Field(min_length=1), Tag("map")] | Annotated[Series, Tag("list")],
    Discriminator(
        _map_or_list,
        custom_error_type="form",
        custom_error_message="{wanted}",
        custom_error_context={"wanted": "must be an object (asset id -> returns) or one array of returns"},
    ),
]
Ref = Annotated[
    Annotated[IssuedRef, Tag("object")]
    | Annotated[str, Field(json_schema_extra={"pattern": REF_PATTERN}), Tag("uri")],
    Discriminator(
        _uri_or_object,
        custom_error_type="form",
        custom_error_message="{wanted}",
        custom_error_context={
            "wanted": "must be a blob reference: the object that the hub issued, or its s3:// URI"
        },
    ),
]


class SnapshotBook(TypedDict):
    """The book, its large components, and the origin of the snapshot."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    world_id: NotRequired[Annotated[Id, Field(description="If present, must equal the world in the path.")]]
    version: Annotated[
        Id, Field(description="Identifies this content permanently; other content needs another version.")
    ]
    as_of: Annotated[
        str,
        Field(
            description=(
                "RFC 3339 date-time with an offset; "
                f"at most {limits.FUTURE_SKEW_MAX_SECONDS} s in the future."
            ),
            json_schema_extra={"format": "date-time", "maxLength": limits.INSTANT_MAX_CHARS},
        ),
    ]
    weights: Annotated[
        dict[AssetId, Weight],
        Field(
            min_length=1,
            max_length=limits.WEIGHTS_MAX_COUNT,
            description=(
                "Asset id -> share of the portfolio; the shares and `portfolio.cash` must add up to 1 within "
                "0.001 (another `portfolio.weights_basis` has another rule)."
            ),
        ),
    ]
    covariance: NotRequired[Annotated[Covariance, Field(description="Must contain every id of the weights.")]]
    covariance_ref: NotRequired[Ref]
    realized_returns: NotRequired[
        Annotated[
            RealizedReturns,
            Field(description="Realised one-period returns, oldest first; null is a missing observation."),
        ]
    ]
    realized_returns_ref: NotRequired[Ref]
    stress: NotRequired[dict[Name, Scenario]]
    stress_ref: NotRequired[Ref]
    constraints: NotRequired[FreeObject]
    ttl_sec: NotRequired[
        Annotated[
            int,
            Field(
                ge=limits.TTL_MIN_SECONDS,
                le=limits.TTL_MAX_SECONDS,
                description=f"Seconds until the snapshot expires; {limits.TTL_DEFAULT_SECONDS} if absent.",
            ),
        ]
    ]
    provenance: NotRequired[Provenance]
    hash: NotRequired[
        Annotated[
            str,
            Field(
                description="Optional check: the content hash, or the digest that an earlier client computes of this body.",
                json_schema_extra={"pattern": ids.CLAIM_PATTERN},
            ),
        ]
    ]
    created_at: NotRequired[Annotated[Any, Field(description="Ignored: the hub sets it from its own clock.")]]


_BOOK: Final[TypeAdapter[SnapshotBook]] = TypeAdapter(SnapshotBook)
_FIELDS: Final = (*SnapshotBook.__annotations__, *FACTS)


@cache
def _facts_adapter() -> TypeAdapter[Any]:
    """Return the validator of the optional objects, built on first use, because it slows a cold start."""
    from risk_hub_contracts.snapshot.request_facts import SnapshotFacts  # noqa: PLC0415 - loaded for requests with such objects

    return TypeAdapter(SnapshotFacts)


def shape_violations(body: dict[str, Any]) -> list[Violation]:
    """Return first-layer violations: unknown, missing or null fields, types, numbers out of range."""
    facts = {name: body[name] for name in FACTS if name in body}
    book = {name: value for name, value in body.items() if name not in facts} if facts else body
    found = _violations(_BOOK, book)
    return found + _violations(_facts_adapter(), facts) if facts else found


def _violations(adapter: TypeAdapter[Any], value: dict[str, Any]) -> list[Violation]:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return to_violations(error, tagged=_TAGGED, known=_FIELDS)
    return []
