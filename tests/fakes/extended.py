"""Reports of one snapshot, runs that were computed from it under one stored policy, and the worker in memory."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from events.envelope import CloudEvent
from events.evaluated import evaluated
from functions.evaluation.extended.extend_runs import ExtendRuns, RunTally, no_tally
from functions.evaluation.policies.policy_records import Author, PolicyEntry, PolicyKey, PolicyRecord
from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.worker_steps import Outcome
from risk_hub_contracts.base.canonical import canonical_json
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, parse_policy
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.metric_blocks import MetricBlocks
from risk_hub_contracts.runs.payloads import Payload, SnapshotReference
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.clock import START, FrozenClock
from tests.fakes.evaluation_policies import MemoryEvaluationPolicies
from tests.fakes.runs import MemoryRuns, draft, run_key
from tests.fakes.samples import WORLD

SAMPLES: Final = Path(__file__).parents[2] / "events" / "samples"
VERSION: Final = "v1"
CONTENT_HASH: Final = "sha256:" + "c" * 64
SNAPSHOT: Final = SnapshotReference(version=VERSION, content_hash=CONTENT_HASH)
KEY: Final = PolicyKey("core", "1")
Json = dict[str, Any]

VAR_RULE: Final[Json] = {"kind": "risk", "measure": "var_99", "fail": {"max": 0.05}, "warn": {"max": 0.04}}
ES_RULE: Final[Json] = {"kind": "risk", "measure": "es_99", "fail": {"max": 0.08}}
STRESS_RULE: Final[Json] = {
    "kind": "stress",
    "scenario": "crash",
    "measure": "loss",
    "severity": "blocking",
    "fail": {"max": 0.3},
}
LIVE_RULE: Final[Json] = {"kind": "live", "window_days": 30, "measure": "sharpe", "fail": {"min": 0.5}}
MEDIAN_RULE: Final[Json] = {
    "kind": "cohort_median",
    "metric": "returns.sharpe",
    "severity": "blocking",
    "fail": {"min": 1.0},
}
TOP_RULE: Final[Json] = {"kind": "top_k", "metric": "returns.sharpe", "k": 1}
RULES: Final[Mapping[str, Json]] = {
    "var": VAR_RULE,
    "es": ES_RULE,
    "crash": STRESS_RULE,
    "live_sharpe": LIVE_RULE,
    "median": MEDIAN_RULE,
    "top": TOP_RULE,
}


def policy_of(rules: Mapping[str, Json] = RULES, **members: Any) -> EvaluationPolicy:
    """Return a policy whose rules judge the stage `paper`."""
    return parse_policy(
        {
            "policy_id": KEY.policy_id,
            "version": KEY.version,
            "owner": "risk",
            "stages": {"paper": "all"},
            "profiles": {"all": {"rules": dict(rules)}},
            **members,
        }
    )


def policy_record(policy: EvaluationPolicy) -> PolicyRecord:
    author = Author("kim", "request-1")
    key = PolicyKey(policy.policy_id, policy.version)
    entry = PolicyEntry(key, policy.policy_hash, policy.owner, START, author)
    return PolicyRecord(entry, canonical_json(policy.document()))


def risk_report(var: float | None = 0.03, es: float | None = 0.06, **changed: Any) -> RiskReport:
    """Return the sample's report on the snapshot, with these numbers at 99 % by the headline method."""
    report = RiskReport.model_validate(_sample("risk_evaluated"))
    headline = report.tails[0].model_copy(
        update={
            "confidence_bps": 9_900,
            "value_at_risk": var,
            "expected_shortfall": es,
            "sufficient": var is not None,
        }
    )
    return report.model_copy(update={**_identity(), "tails": [headline], **changed})


def stress_report(loss: float | None = 0.2, **changed: Any) -> StressReport:
    """Return the sample's report on the snapshot, with this loss under the scenario `crash`."""
    report = StressReport.model_validate(_sample("stress_evaluated"))
    crash = report.losses[0].model_copy(update={"scenario": "crash", "value": loss})
    return report.model_copy(update={**_identity(), "losses": [crash], **changed})


def _sample(name: str) -> Json:
    document: Json = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["data"]
    return document


def _identity() -> Json:
    return {"world_id": WORLD, "version": VERSION, "content_hash": CONTENT_HASH}


class ExtendedWorld:
    """Runs of one snapshot in memory, and the worker that extends them."""

    def __init__(self, rules: Mapping[str, Json] = RULES, tally: RunTally = no_tally, **members: Any) -> None:
        self.clock, self.runs, self.policies = FrozenClock(), MemoryRuns(), MemoryEvaluationPolicies()
        self.policy = policy_of(rules, **members)
        self.policies.rows[KEY] = policy_record(self.policy)
        self.extend = ExtendRuns(self.runs, self.runs, self.policies, self.clock, tally)

    def create(self, strategy: str = "momentum", run_id: str = "e1", **changed: Any) -> RunKey:
        """Create a run of the evaluation `e1` that the policy judged."""
        key = run_key(strategy, run_id)
        members: Json = {
            "policy_id": KEY.policy_id,
            "policy_version": KEY.version,
            "policy_hash": self.policy.policy_hash,
            "profile": "all",
            "snapshot": SNAPSHOT,
            "evaluation_id": run_id,
            "results": (),
            "metrics": metrics(),
            **changed,
        }
        (created,) = CreateRuns(self.runs, self.clock)([draft(key, **members)])
        assert created.outcome == "created"
        return key

    def append(self, key: RunKey, entry_id: str, payload: Payload) -> None:
        AppendItem(self.runs, self.clock)(ItemDraft(key, entry_id, "anna", payload))

    def announce(self, report: RiskReport | StressReport) -> Outcome:
        return self.extend(event_of(report))

    def record(self, key: RunKey) -> EvaluationRun:
        return load_run(self.runs, key)[1]

    def statuses(self, key: RunKey) -> dict[str, str]:
        """Return the status of each layer of a run."""
        return {name: each.status for name, each in sorted(self.record(key).validations.items())}


def event_of(report: RiskReport | StressReport) -> CloudEvent:
    return evaluated(report, correlation_id="c1", causation_id="e1", is_latest=True)


def metrics(sharpe: float = 1.5, live: float | None = 1.0) -> MetricBlocks:
    """Return the metrics of a strategy: its Sharpe ratio, and the realised one."""
    realised = {} if live is None else {"30": {"sharpe": live}}
    return MetricBlocks(returns={"sharpe": sharpe}, risk={"var_99": 0.01}, live=realised)
