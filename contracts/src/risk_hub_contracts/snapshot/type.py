"""A valid, normalised snapshot."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.snapshot.components import Component
from risk_hub_contracts.snapshot.facts import (
    CovarianceMeta,
    Portfolio,
    PortfolioReturns,
    ReturnsMeta,
    RiskOptions,
)
from risk_hub_contracts.snapshot.request import FACTS, KINDS, REF_FIELDS


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A valid, normalised snapshot.

    Attributes:
        world_id: the world.
        version: the version, used once per world.
        as_of: the instant it describes, UTC.
        as_of_text: the same instant as the producer wrote it.
        weights: asset id -> share of the portfolio, in the producer's order.
        components: the large components, in the order covariance, realized_returns, stress.
        facts: the optional objects that state what the numbers mean, by field, as hashed; empty if none was
            sent. The properties of the same names give typed access with defaults.
        constraints: the producer's own object, or None.
        ttl_sec: seconds until it expires.
        provenance: the producer's object with `actor` and `stage` filled in.
        content_hash: `sha256:<hex>`, the same for every form of the same content.
    """

    world_id: str
    version: str
    as_of: datetime
    as_of_text: str
    weights: dict[str, float]
    components: tuple[Component, ...]
    facts: dict[str, Any]
    constraints: dict[str, Any] | None
    ttl_sec: int
    provenance: dict[str, Any]
    content_hash: str

    @property
    def actor(self) -> str:
        """The publishing actor."""
        return str(self.provenance["actor"])

    @property
    def stage(self) -> str:
        """The stage it was published under, lower-case."""
        return str(self.provenance["stage"])

    @property
    def portfolio(self) -> Portfolio:
        """The portfolio as a whole, with defaults for absent members."""
        return Portfolio.of(self.facts.get("portfolio", {}))

    @property
    def returns_meta(self) -> ReturnsMeta:
        """The meaning of the realised returns; the dates are in the decoded component."""
        return ReturnsMeta.of(self.facts.get("returns_meta", {}))

    @property
    def covariance_meta(self) -> CovarianceMeta:
        """The origin and the scale of the covariance."""
        return CovarianceMeta.of(self.facts.get("covariance_meta", {}))

    @property
    def portfolio_returns(self) -> PortfolioReturns | None:
        """The portfolio's own track record, or None if it was not sent."""
        record = self.facts.get("portfolio_returns")
        return None if record is None else PortfolioReturns.of(record)

    @property
    def risk(self) -> RiskOptions:
        """Options of the risk engine, with defaults for absent members."""
        return RiskOptions.of(self.facts.get("risk", {}))

    def component(self, kind: BlobKind) -> Component | None:
        """Return the component of this kind, if the snapshot has one."""
        return next((component for component in self.components if component.kind == kind), None)

    def with_refs(self, refs: Mapping[BlobKind, BlobRef]) -> Self:
        """Return the same snapshot, same hash, with these components by reference.

        Raises:
            ValueError: the digest of a reference differs from that of the component it replaces.
        """
        components = {kind: Component.from_ref(ref) for kind, ref in refs.items()}
        for kind, component in components.items():
            present = self.component(kind)
            if present is None or (present.kind, present.sha256) != (component.kind, component.sha256):
                raise ValueError(f"the {kind} of this snapshot does not have the digest {component.sha256}")
        return replace(
            self, components=tuple(components.get(component.kind, component) for component in self.components)
        )

    def to_document(self) -> dict[str, Any]:
        """Return the contract's fields, JSON-ready; each component inline or as `<kind>_ref`."""
        document: dict[str, Any] = {
            "world_id": self.world_id,
            "version": self.version,
            "as_of": self.as_of_text,
            "weights": self.weights,
        }
        document |= dict(component.stored() for component in self.components)
        document |= self._facts_document()
        if self.constraints is not None:
            document["constraints"] = self.constraints
        return document | {"ttl_sec": self.ttl_sec, "provenance": self.provenance}

    def _facts_document(self) -> dict[str, Any]:
        """Return the optional objects with the dates of inline returns, in the order of the contract."""
        returns = self.component("realized_returns")
        if returns is None or returns.dates is None:
            return self.facts
        return self.facts | with_dates(self.facts, returns.dates)

    @classmethod
    def from_document(cls, document: Mapping[str, Any], content_hash: str) -> Self:
        """Read a document that `to_document` wrote; it is trusted and not validated again."""
        return cls(
            world_id=document["world_id"],
            version=document["version"],
            as_of=parse_instant(document["as_of"]),
            as_of_text=document["as_of"],
            weights=document["weights"],
            components=tuple(_read_components(document)),
            facts=dict(_read_facts(document)),
            constraints=document.get("constraints"),
            ttl_sec=document["ttl_sec"],
            provenance=document["provenance"],
            content_hash=content_hash,
        )


def with_dates(document: Mapping[str, Any], dates: Sequence[str]) -> dict[str, Any]:
    """Return the field `returns_meta` of a document, with the dates of its inline returns."""
    return {"returns_meta": {**document.get("returns_meta", {}), "dates": list(dates)}}


def _read_facts(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in FACTS:
        fact = dict(document.get(field, {}))
        if field == "returns_meta":
            fact.pop("dates", None)
        if fact:
            yield field, fact


def _read_components(document: Mapping[str, Any]) -> Iterator[Component]:
    for kind in KINDS:
        if kind in document:
            dates = document.get("returns_meta", {}).get("dates") if kind == "realized_returns" else None
            yield Component.from_document(kind, document[kind], dates)
        elif REF_FIELDS[kind] in document:
            stored = {"bytes": None} | document[REF_FIELDS[kind]]
            yield Component.from_ref(BlobRef.model_validate(stored))
