"""What a run must say, implemented a second time: shares no code with the fold and the list under test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from risk_hub_contracts.runs.run_key import RunKey

WORST_FIRST = ("fail", "warn", "pass")
Document = dict[str, Any]


@dataclass(frozen=True)
class Intent:
    """One entry that a client wants to record; `payload` is the JSON document that it sent."""

    key: RunKey
    entry_id: str
    subject: str
    kind: str
    payload: Mapping[str, Any]

    @property
    def is_override(self) -> bool:
        return self.kind.startswith("override_")


@dataclass
class ModelRun:
    """The expected state of one run after a number of entries.

    Attributes:
        judged: the statuses of all validations, also of those that a later one replaced.
    """

    stage: str
    creation_status: str
    validations: dict[str, str] = field(default_factory=dict)
    judged: set[str] = field(default_factory=set)
    overrides: dict[str, Document] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    reviews: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        found = {self.creation_status, *self.judged}
        return next(status for status in WORST_FIRST if status in found)

    def accepts(self, intent: Intent) -> bool:
        """Return whether an entry fits the present state; if it does, record it."""
        change = getattr(self, f"_{intent.kind}", None)
        return change is not None and bool(change(intent.payload, intent.subject))

    def document(self) -> Document:
        return {
            "stage": self.stage,
            "status": self.status,
            "creation_status": self.creation_status,
            "validations": dict(self.validations),
            "overrides": {name: dict(each) for name, each in self.overrides.items()},
            "failures": dict(self.failures),
            "reviews": dict(self.reviews),
        }

    def _extended_validation(self, payload: Mapping[str, Any], _subject: str) -> bool:
        self.validations[payload["validation"]] = payload["status"]
        self.judged.add(payload["status"])
        return True

    def _override_requested(self, payload: Mapping[str, Any], subject: str) -> bool:
        if payload["override_id"] in self.overrides:
            return False
        self.overrides[payload["override_id"]] = {
            "state": "requested",
            "requested_by": subject,
            "expires_at": None,
        }
        return True

    def _override_approved(self, payload: Mapping[str, Any], _subject: str) -> bool:
        return self._decide(payload, "requested", "approved")

    def _override_rejected(self, payload: Mapping[str, Any], _subject: str) -> bool:
        return self._decide(payload, "requested", "rejected")

    def _override_expired(self, payload: Mapping[str, Any], _subject: str) -> bool:
        return self._decide(payload, "approved", "expired")

    def _override_renewed(self, payload: Mapping[str, Any], _subject: str) -> bool:
        return self._decide(payload, "approved", "approved")

    def _decide(self, payload: Mapping[str, Any], before: str, after: str) -> bool:
        override = self.overrides.get(payload["override_id"])
        if override is None or override["state"] != before:
            return False
        override["state"] = after
        override["expires_at"] = payload.get("expires_at", override["expires_at"])
        return True

    def _ex_post_failure(self, payload: Mapping[str, Any], _subject: str) -> bool:
        known = self.failures.get(payload["failure_id"])
        if known is not None and (known, payload["state"]) != ("candidate", "confirmed"):
            return False
        self.failures[payload["failure_id"]] = payload["state"]
        return True

    def _re_review(self, payload: Mapping[str, Any], _subject: str) -> bool:
        if payload["review_id"] in self.reviews:
            return False
        self.reviews[payload["review_id"]] = payload["outcome"]
        return True


def model_of(creation_status: str, intents: Sequence[Intent]) -> ModelRun | None:
    """Return the state after the entries of one run; None if one of them does not fit."""
    run = ModelRun(intents[0].payload["stage"], creation_status)
    return run if all(run.accepts(each) for each in intents[1:]) else None
