"""Answers about the rollout, JSON-ready."""

from collections.abc import Mapping
from typing import Any

from functions.evaluation.rollout.rollout_records import NEVER_SET, RolloutChange, RolloutFlag
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.evaluation_policy import STAGES, Stage

Document = dict[str, Any]


def flags_answer(world_id: str, flags: Mapping[Stage, RolloutFlag]) -> Document:
    """Return the flags of every stage."""
    return {"world_id": world_id, "stages": {each: _flag(flags.get(each, NEVER_SET)) for each in STAGES}}


def change_answer(change: RolloutChange) -> Document:
    """Return one change."""
    return {
        "world_id": change.world_id,
        "sequence": change.sequence,
        "stage": change.stage,
        "change": change.change,
        "decider": change.decider,
        "previous": change.previous,
        "reason": change.reason,
        "changed_at": format_instant(change.changed_at),
        "changed_by": change.changed_by.subject,
        "request_id": change.changed_by.request_id,
    }


def _flag(flag: RolloutFlag) -> Document:
    return {
        "decider": flag.decider,
        "sequence": flag.sequence,
        "changed_at": flag.changed_at,
        "changed_by": flag.changed_by,
    }
