"""The answer to an evaluation, built from stored runs only: a verdict without a record cannot be answered (INV-19)."""

from collections.abc import Sequence
from typing import Any

import orjson

from risk_hub_contracts.base.limits import RESPONSE_MAX_BYTES
from risk_hub_contracts.evaluations.answer import IncludedResults
from risk_hub_contracts.runs.evaluation_run import EvaluationRun

Document = dict[str, Any]


def evaluation_answer(runs: Sequence[EvaluationRun]) -> Document:
    """Return the answer; results are left out of one that exceeds RESPONSE_MAX_BYTES.

    Args:
        runs: the stored runs of one evaluation, at least one.
    """
    whole = _answer(runs, "all")
    if _size_bytes(whole) <= RESPONSE_MAX_BYTES:
        return whole
    shorter = _answer(runs, "not_passed")
    return shorter if _size_bytes(shorter) <= RESPONSE_MAX_BYTES else _answer(runs, "none")


def _answer(runs: Sequence[EvaluationRun], included: IncludedResults) -> Document:
    first = min(runs, key=lambda run: run.strategy_id)
    assert first.snapshot is not None  # noqa: S101 - every run of this route names its snapshot
    ordered = sorted(runs, key=lambda run: run.strategy_id)
    return {
        "world_id": first.world_id,
        "evaluation_id": first.run_id,
        "evaluated_at": first.created_at,
        "stage": first.stage,
        "profile": first.profile,
        "policy": {
            "policy_id": first.policy_id,
            "version": first.policy_version,
            "policy_hash": first.policy_hash,
        },
        "engine_version": first.engine_version,
        "snapshot": first.snapshot.model_dump(mode="json"),
        "results_included": included,
        "strategies": [_strategy(run, included) for run in ordered],
        "selected": [run.strategy_id for run in ordered if run.selected],
    }


def _strategy(run: EvaluationRun, included: IncludedResults) -> Document:
    results = [each for each in run.results if included == "all" or each.status != "pass"]
    precheck = run.caller_precheck
    return {
        "strategy_id": run.strategy_id,
        "run_id": run.run_id,
        "status": run.status,
        "selected": run.selected,
        "recommended_stage": run.recommended_stage,
        "results": []
        if included == "none"
        else [each.model_dump(mode="json", exclude_defaults=True) for each in results],
        "unresolved": run.unresolved,
        **(
            {}
            if run.decision is None
            else {"decision": run.decision.model_dump(mode="json", exclude_none=True)}
        ),
        **(
            {}
            if precheck is None
            else {"caller_precheck": precheck.model_dump(mode="json", exclude_none=True)}
        ),
    }


def _size_bytes(document: Document) -> int:
    return len(orjson.dumps(document))
