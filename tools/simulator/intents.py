"""Publications by producers: new, late, at the same time, repeated in another text form, conflicting, or invalid."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

import orjson

from functions.hub.use_cases.publish_snapshot import PublishRequest
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.snapshot.parse import Component
from tests.fakes.stores import MemoryBlobs
from tools.simulator.model import Content, as_text

WORLDS = ("w1", "w2")
STAGES = ("paper", "live")
ACTORS = ("gateway", "desk")
TTLS_SECONDS = (1, 5, 60, 900, 900, 86_400)
RETURNS_POINTS = 24
VIOLATIONS = ("sum", "future", "ttl", "blob", "hash", "world", "json")
KINDS = ("fresh",) * 4 + ("again",) * 3 + ("conflict",) * 2 + ("wrong",)
SEOUL = timezone(timedelta(hours=9))
MISSING_DIGEST = "0" * 64


@dataclass(frozen=True)
class Intent:
    """One POST.

    Attributes:
        violation: the rule that the body breaks, so the hub must refuse it; None: the hub must accept it.
        alternate_form: the same content in another text form.
        by_ref: large components were uploaded beforehand.
    """

    content: Content
    violation: str | None = None
    alternate_form: bool = False
    by_ref: bool = False

    def publication(self) -> PublishRequest:
        raw = orjson.dumps(self._body())
        content = self.content
        return PublishRequest(
            content.world_id, content.actor, content.stage, raw[:-1] if self.violation == "json" else raw
        )

    def upload(self, blobs: MemoryBlobs) -> None:
        """Upload the large components that the body will refer to, as a producer does before it publishes."""
        if self.by_ref:
            for component in self.components():
                blobs.put(self.content.world_id, component.kind, component.sha256, component.blob or b"")

    def components(self) -> list[Component]:
        return [Component.from_document(kind, document) for kind, document in self._documents().items()]

    def _documents(self) -> dict[BlobKind, Any]:
        documents: dict[BlobKind, Any] = {}
        if self.content.covariance is not None:
            documents["covariance"] = {"ids": ["A", "B"], "upper": list(self.content.covariance)}
        if self.content.returns is not None:
            documents["realized_returns"] = list(self.content.returns)
        if self.content.shocks is not None:
            a, b = self.content.shocks
            documents["stress"] = {"crash": {"shocks": {"A": a, "B": b}}}
        return documents

    def _body(self) -> dict[str, Any]:
        content = self.content
        body: dict[str, Any] = {
            "version": content.version,
            "as_of": as_text(content.as_of),
            "weights": {"A": content.weights[0], "B": content.weights[1]},
            "ttl_sec": content.ttl_sec,
            "created_at": "2026-12-31T00:00:00Z",  # ignored: only the hub's clock decides (INV-07)
        }
        if self.alternate_form:
            body["as_of"] = content.as_of.astimezone(SEOUL).isoformat()
            body["weights"] = dict(reversed(body["weights"].items()))
            body["world_id"] = content.world_id
        if self.by_ref:
            body |= {f"{component.kind}_ref": self._ref(component) for component in self.components()}
        else:
            body |= {str(kind): document for kind, document in self._documents().items()}
        return body | self._violating_members()

    def _ref(self, component: Component) -> str:
        return f"s3://{MemoryBlobs.bucket}/risk-blobs/{self.content.world_id}/{component.sha256}"

    def _violating_members(self) -> dict[str, Any]:
        missing = f"s3://{MemoryBlobs.bucket}/risk-blobs/{self.content.world_id}/{MISSING_DIGEST}"
        wrong: dict[str | None, dict[str, Any]] = {
            "sum": {"weights": {"A": 0.5, "B": 0.4}},
            "future": {"as_of": as_text(self.content.as_of + timedelta(days=1))},
            "ttl": {"ttl_sec": 0},
            "blob": {"covariance_ref": missing},
            "hash": {"hash": f"sha256:{MISSING_DIGEST}"},
            "world": {"world_id": "elsewhere"},
        }
        return wrong.get(self.violation, {})


class IntentGenerator:
    """Draw one intent after another, most of them related to earlier ones."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.earlier: list[Intent] = []

    def draw(self, now: datetime) -> Intent:
        intent = self._of_kind(self._random.choice(KINDS) if self.earlier else "fresh", now)
        if intent.violation is None:
            self.earlier.append(intent)
        return intent

    def _of_kind(self, kind: str, now: datetime) -> Intent:
        match kind:
            case "again":
                return self._repetition()
            case "conflict":
                return self._conflicting_publication()
            case "wrong":
                return self._invalid_publication(now)
            case _:
                return self._new_publication(now)

    def _new_publication(self, now: datetime) -> Intent:
        version = f"{self._random.choice('cab')}{len(self.earlier)}"
        content = Content(
            world_id=self._random.choice((*WORLDS, WORLDS[0])),
            version=version,
            as_of=self._as_of(now),
            weights=self._random.choice(((0.5, 0.5), (1.25, -0.25), (1.0, 0.0))),
            ttl_sec=self._random.choice(TTLS_SECONDS),
            stage=self._random.choice(STAGES),
            actor=self._random.choice(ACTORS),
            covariance=self._covariance() if self._random.random() < 0.5 else None,
            returns=self._returns() if self._random.random() < 0.15 else None,
            shocks=self._shocks() if self._random.random() < 0.3 else None,
        )
        return Intent(content, by_ref=self._random.random() < 0.3)

    def _repetition(self) -> Intent:
        earlier = self._random.choice(self.earlier)
        return replace(
            earlier, alternate_form=self._random.random() < 0.5, by_ref=self._random.random() < 0.5
        )

    def _conflicting_publication(self) -> Intent:
        earlier = self._random.choice(self.earlier[-2:])
        ttl_sec = 61 if earlier.content.ttl_sec != 61 else 62
        return replace(earlier, content=replace(earlier.content, ttl_sec=ttl_sec))

    def _invalid_publication(self, now: datetime) -> Intent:
        """Draw a bad snapshot under a version that is free, taken, or about to be published."""
        base = (
            self._new_publication(now) if self._random.random() < 0.5 else self._random.choice(self.earlier)
        )
        return replace(base, violation=self._random.choice(VIOLATIONS))

    def _as_of(self, now: datetime) -> datetime:
        """Draw now, a little ahead, long ago, or exactly the as_of of another snapshot."""
        draw = self._random.random()
        if draw < 0.3 and self.earlier:
            return self._random.choice(self.earlier).content.as_of
        offset_seconds = self._random.choice((0, -1, -30, -3_600, 120, 295))
        return now + timedelta(seconds=offset_seconds, microseconds=self._random.randrange(-2, 1))

    def _covariance(self) -> tuple[float, float, float]:
        a, b = self._random.uniform(1e-5, 1e-3), self._random.uniform(1e-5, 1e-3)
        return a, self._random.uniform(-0.9, 0.9) * (a * b) ** 0.5, b

    def _shocks(self) -> tuple[float, float]:
        return self._random.uniform(-0.4, 0.1), self._random.uniform(-0.4, 0.1)

    def _returns(self) -> tuple[float, ...]:
        return tuple(self._random.uniform(-0.05, 0.05) for _ in range(RETURNS_POINTS))
