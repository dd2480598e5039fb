"""Answers about stored policies and activations, JSON-ready."""

import hashlib
from typing import Any

import orjson

from functions.evaluation.policies.policy_records import Activation, PolicyEntry, PolicyRecord
from risk_hub_contracts.base.problems import DOCUMENT_UNAVAILABLE, ProblemError
from risk_hub_contracts.base.times import format_instant

Document = dict[str, Any]
DAMAGED_REMEDY = "Ask an operator to restore the row from a backup; other versions can be read."


def policy_answer(record: PolicyRecord) -> Document:
    """Return a stored version with its document."""
    return {**entry_answer(record.entry), "policy": orjson.loads(record.document)}


def verified(record: PolicyRecord) -> PolicyRecord:
    """Return a stored version whose bytes have its hash.

    Raises:
        ProblemError: `document-unavailable` if they do not.
    """
    found = f"sha256:{hashlib.sha256(record.document).hexdigest()}"
    if found != record.entry.policy_hash:
        key = record.entry.key
        raise ProblemError(
            DOCUMENT_UNAVAILABLE,
            f"version {key.version!r} of policy {key.policy_id!r} is damaged: its bytes have the hash {found}, "
            f"not {record.entry.policy_hash}",
            remedy=DAMAGED_REMEDY,
        )
    return record


def entry_answer(entry: PolicyEntry) -> Document:
    """Return a stored version without its document."""
    return {
        "policy_id": entry.key.policy_id,
        "version": entry.key.version,
        "policy_hash": entry.policy_hash,
        "owner": entry.owner,
        "stored_at": format_instant(entry.stored_at),
        "stored_by": entry.stored_by.subject,
        "request_id": entry.stored_by.request_id,
    }


def activation_answer(activation: Activation) -> Document:
    """Return an activation."""
    return {
        "world_id": activation.world_id,
        "sequence": activation.sequence,
        "policy_id": activation.key.policy_id,
        "version": activation.key.version,
        "policy_hash": activation.policy_hash,
        "reason": activation.reason,
        "stored_by": activation.stored_by,
        "activated_at": format_instant(activation.activated_at),
        "activated_by": activation.activated_by.subject,
        "request_id": activation.activated_by.request_id,
    }
