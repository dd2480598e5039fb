"""Benchmarks of evaluation runs: the rules on a large cohort, and the verification of a large table.

CPU seconds of this process are measured, since other processes do not change them as much as the time.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any, Final

from pydantic_core import from_json

from functions.evaluation.runs.anchor_runs import ANCHOR_SETTLE, AnchorRuns
from functions.evaluation.runs.run_head import RunHead
from functions.evaluation.runs.verify_runs import VerifyRuns
from risk_hub_contracts.base.canonical import sha256_hex
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, parse_policy
from risk_hub_contracts.rule_engine.evaluate import evaluate
from risk_hub_contracts.runs.chain import StoredItem
from risk_hub_contracts.runs.fold import fold
from risk_hub_contracts.runs.payloads import CREATED, KIND_OF, Payload
from risk_hub_contracts.runs.rule_result import RuleResult
from risk_hub_contracts.runs.run_item import RunItem, SealedItem, seal
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.clock import START
from tests.fakes.runs import MemoryAnchors, MemoryRuns, created, run_key, validation
from tools.bench.lines import Line

STRATEGIES, RULES = 1_000, 30
RULES_MAX_SECONDS: Final = 1.0
RUNS, ITEMS_PER_RUN = 10_000, 10
VERIFICATION_MAX_SECONDS: Final = 20.0
ROUNDS = 3
MEASURES = {
    "sample": ("effective_history_years", "n_trades_total", "observations", "sample_days"),
    "performance": ("sharpe", "max_drawdown", "gain_to_pain_ratio", "hit_ratio"),
    "robustness": ("deflated_sharpe_ratio", "probabilistic_sharpe_ratio"),
    "risk": ("var_99", "es_99", "adv_utilization_p95", "participation_rate_p95"),
    "data_currency": ("data_age_seconds", "history_days", "coverage_ratio"),
}
COHORT_RULES: dict[str, dict[str, Any]] = {
    "median": {"kind": "cohort_median", "metric": "returns.sharpe", "fail": {"min": 0.4}},
    "best": {"kind": "top_k", "metric": "returns.sharpe", "k": 10},
    "stay": {"kind": "hysteresis", "metric": "returns.sharpe", "enter": 0.5, "exit": 0.3},
}
BLOCKS = {"performance": "returns", "data_currency": "sample"}
"""The block of a metric whose rules have another name than the block."""


def evaluation_lines() -> Iterator[Line]:
    """Measure the rule engine and the verification, each next to the work that nothing can avoid."""
    yield _rules()
    yield _verification()


def cpu_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least CPU time of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def large_policy() -> EvaluationPolicy:
    """Return a policy with 30 rules: limits of named measures and of any metric, and three of the cohort."""
    limits: dict[str, dict[str, Any]] = {
        f"{kind}.{measure}": {"kind": kind, "measure": measure, "fail": {"min": 0.1}, "warn": {"min": 0.2}}
        for kind, measures in MEASURES.items()
        for measure in measures
    }
    for number in range(RULES - len(COHORT_RULES) - len(limits)):
        limits[f"any.{number}"] = {
            "kind": "threshold",
            "metric": f"diagnostics.m{number}",
            "fail": {"max": 0.9},
        }
    return parse_policy(
        {
            "policy_id": "bench",
            "version": "1",
            "owner": "risk",
            "stages": {"paper": "all"},
            "profiles": {"all": {"rules": {**limits, **COHORT_RULES}}},
        }
    )


def large_cohort() -> dict[str, dict[str, float]]:
    """Return the numbers of 1,000 strategies, within the limits or a little outside."""
    random = Random(11)
    paths = [f"{BLOCKS.get(kind, kind)}.{measure}" for kind, found in MEASURES.items() for measure in found]
    paths += [f"diagnostics.m{number}" for number in range(RULES)]
    return {f"s{number:04}": {path: random.random() for path in paths} for number in range(STRATEGIES)}


def _rules() -> Line:
    policy, cohort = large_policy(), large_cohort()
    seconds = cpu_seconds(lambda: evaluate(policy, "paper", cohort))
    found = [
        result for each in evaluate(policy, "paper", cohort).strategies.values() for result in each.results
    ]
    if len(found) != STRATEGIES * RULES:
        raise RuntimeError(f"{len(found)} results were found")
    documents = [result.model_dump() for result in found]
    floor = cpu_seconds(lambda: [RuleResult.model_validate(each) for each in documents])
    return Line(
        f"rules of {STRATEGIES:,} strategies by a policy of {RULES} rules (CPU)",
        f"{seconds:.2f} s = {seconds / floor:.1f} ×",
        f"pydantic, {len(found):,} results: {floor:.2f} s",
        f"≤ {RULES_MAX_SECONDS:g} s",
        seconds <= RULES_MAX_SECONDS,
    )


def large_table(count: int = RUNS) -> MemoryRuns:
    """Return runs of 10 items each: the creation and nine validations."""
    runs = MemoryRuns()
    payloads: list[Payload] = [created(), *(validation() for _ in range(ITEMS_PER_RUN - 1))]
    for number in range(count):
        key = run_key(f"s{number:05}")
        items = _chain(key, payloads)
        runs.rows[key] = {item.item.sequence: _stored(item) for item in items}
        runs.heads[key] = RunHead.of(fold(items))
    return runs


def _chain(key: RunKey, payloads: list[Payload]) -> list[SealedItem]:
    items: list[SealedItem] = []
    for payload in payloads:
        items.append(
            seal(
                RunItem(
                    world_id=key.world_id,
                    strategy_id=key.strategy_id,
                    run_id=key.run_id,
                    sequence=len(items) + 1,
                    recorded_at=format_instant(START),
                    subject="worker",
                    entry_id=f"e{len(items)}" if items else key.run_id,
                    previous_sha256=items[-1].sha256 if items else None,
                    kind=KIND_OF[type(payload)] if items else CREATED,
                    payload=payload.document(),
                )
            )
        )
    return items


def _stored(item: SealedItem) -> StoredItem:
    return StoredItem(item.item.sequence, item.sha256, item.data)


def _verification() -> Line:
    runs, anchors, now = large_table(), MemoryAnchors(), START + timedelta(hours=1) + ANCHOR_SETTLE
    AnchorRuns(runs, anchors, lambda: now)()
    verify = VerifyRuns(runs, anchors, lambda: now)
    verified = verify()
    if (verified.items, verified.broken) != (RUNS * ITEMS_PER_RUN, ()):
        raise RuntimeError(f"{verified.items} items were verified; {verified.broken} are broken")
    seconds = cpu_seconds(verify, rounds=1)
    stored = [item.data for chain in runs.chains() for item in chain.items]
    floor = cpu_seconds(lambda: [(sha256_hex(data), from_json(data)) for data in stored])
    return Line(
        f"verification of {RUNS * ITEMS_PER_RUN:,} items of {RUNS:,} runs, with anchors (CPU)",
        f"{seconds:.1f} s = {seconds / floor:.1f} ×",
        f"sha256 + JSON of the same {sum(map(len, stored)) / 1_000_000:.0f} MB: {floor:.1f} s",
        f"≤ {VERIFICATION_MAX_SECONDS:g} s",
        seconds <= VERIFICATION_MAX_SECONDS,
    )


if __name__ == "__main__":
    for line in evaluation_lines():
        print(line)  # noqa: T201
