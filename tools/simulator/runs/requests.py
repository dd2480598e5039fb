"""The requests that simulated clients draw: evaluations, later items of runs, and conflicting repetitions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from functions.evaluation.runs.append_item import ItemDraft
from functions.evaluation.runs.ports import WRITES_MAX_COUNT
from risk_hub_contracts.evaluations.request import EvaluationRequest
from risk_hub_contracts.runs.payloads import CREATED, KINDS, Payload
from risk_hub_contracts.runs.rule_result import RuleStatus
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.runs import run_key, validation
from tools.simulator.runs.ledger import Ledger
from tools.simulator.runs.model import Intent

STATUSES: tuple[RuleStatus, ...] = ("pass", "warn", "fail")
VALIDATIONS = ("stress", "cohort")
STAGES = ("backtest", "paper", "live")
STRATEGIES = ("a", "b", "c")
LARGE_COHORT = tuple(f"s{number:02}" for number in range(WRITES_MAX_COUNT + 2))
LARGE_SHARE = 0.04
SHARPE_RATIOS = (0.3, 0.6, 0.9, 1.2, 1.5)
SUBJECTS = ("anna", "boris", "worker")
NAMES = ("o1", "o2")
KIND_WEIGHTS = {
    "extended_validation": 5,
    "override_requested": 5,
    "override_approved": 4,
    "override_rejected": 1,
    "override_expired": 1,
    "override_renewed": 1,
    "ex_post_failure": 2,
    "re_review": 1,
}
INSTANTS = ("2026-02-01T00:00:00.000000Z", "2026-03-01T00:00:00.000000Z")


@dataclass(eq=False)
class Request:
    """One request and its repetitions.

    Attributes:
        intents: the entries that it records: one, or one for each evaluated strategy.
        conflicts: another request recorded the same ids with other content.
        expected_sequence: the last item that the client saw, if it wants no other one before its own.
        begun_at: how many items the run had when the last attempt began.
    """

    intents: tuple[Intent, ...]
    conflicts: bool = False
    expected_sequence: int | None = None
    attempts: int = 0
    begun_at: int = 0

    @property
    def first(self) -> Intent:
        return self.intents[0]

    @property
    def is_evaluation(self) -> bool:
        return self.first.kind == CREATED

    def evaluation(self) -> EvaluationRequest:
        strategies = [
            {
                "strategy_id": each.key.strategy_id,
                "risk_tier": "medium",
                "metrics": {"returns": {"sharpe": each.payload["sharpe"]}},
            }
            for each in self.intents
        ]
        first = self.first
        document = {
            "evaluation_id": first.entry_id,
            "stage": first.payload["stage"],
            "strategies": strategies,
        }
        return EvaluationRequest.model_validate(document)

    def draft(self) -> ItemDraft:
        intent = self.first
        payload: Payload = KINDS[intent.kind].model_validate(intent.payload)
        return ItemDraft(intent.key, intent.entry_id, intent.subject, payload, self.expected_sequence)


def evaluation(random: Random, ledger: Ledger, number: int) -> Request:
    """Return an evaluation of one to three strategies in one stage, or of more than one write holds."""
    evaluation_id, stage = f"e{number}", random.choice(STAGES)
    if random.random() < LARGE_SHARE:
        strategies = list(LARGE_COHORT)
    else:
        strategies = sorted(random.sample(STRATEGIES, random.randint(1, len(STRATEGIES))))
    intents = []
    for strategy in strategies:
        payload = {"stage": stage, "sharpe": random.choice(SHARPE_RATIOS)}
        key = run_key(strategy, evaluation_id)
        intents.append(ledger.plan(Intent(key, evaluation_id, "evaluator", CREATED, payload)))
    return Request(tuple(intents))


def addition(random: Random, ledger: Ledger, number: int) -> Request:
    """Return a later item of a stored run; it may not fit its state."""
    key = random.choice(sorted(ledger.chains))
    (kind,) = random.choices(list(KIND_WEIGHTS), list(KIND_WEIGHTS.values()))
    payload = _payload(random, kind, number)
    intent = ledger.plan(Intent(key, f"n{number}", random.choice(SUBJECTS), kind, payload))
    sees = random.random() < 0.2
    return Request((intent,), expected_sequence=len(ledger.chains[key]) if sees else None)


def conflicting(random: Random, ledger: Ledger) -> Request:
    """Return a request with the id of a stored entry and other content."""
    key = random.choice(sorted(ledger.chains))
    intent = random.choice(ledger.intents_of(key))
    if intent.kind == CREATED:
        changed = replace(intent, payload={**intent.payload, "sharpe": -1.0})
    else:
        other = {"review_id": "other", "outcome": "kept", "note": "other content"}
        changed = replace(intent, kind="re_review", payload=other)
    return Request((changed,), conflicts=True)


def _payload(random: Random, kind: str, number: int) -> Mapping[str, Any]:
    """Return the content of an item; numbers and names repeat, so that some items do not fit."""
    name, note = random.choice(NAMES), f"note {number}"
    instant, state = random.choice(INSTANTS), random.choice(("candidate", "confirmed"))
    if kind == "extended_validation":
        return validation(random.choice(VALIDATIONS), random.choice(STATUSES)).document()
    return {
        "override_requested": {"override_id": name, "reason": note},
        "override_approved": {"override_id": name, "expires_at": instant},
        "override_rejected": {"override_id": name, "note": note},
        "override_expired": {"override_id": name},
        "override_renewed": {"override_id": name, "expires_at": instant, "note": note},
        "ex_post_failure": {"failure_id": name, "state": state, "observed_at": instant, "note": note},
        "re_review": {"review_id": f"r{number}", "outcome": "kept", "note": note},
    }[kind]


def key_text(key: RunKey) -> str:
    """Return the short name of a run in a trace."""
    return f"{key.strategy_id}/{key.run_id}"
