"""Bodies and settings shared by the contract's tests."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.snapshot.parse import Snapshot, parse_snapshot

NOW = datetime(2025, 1, 2, tzinfo=UTC)
WORLD_ID = "us-equities"
BUCKET = "risk-hub-blobs"
BODY: Mapping[str, Any] = {
    "version": "v1",
    "as_of": "2025-01-01T00:00:00Z",
    "weights": {"AAPL": 0.5, "MSFT": 0.5},
}


def parse(body: Mapping[str, Any] | bytes, **setting: Any) -> Snapshot:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    facts = {"world_id": WORLD_ID, "actor": "gateway", "stage": "paper", "now": NOW, "bucket": BUCKET}
    return parse_snapshot(raw, **{**facts, **setting})


def with_fields(**fields: Any) -> dict[str, Any]:
    return {**BODY, **fields}


def refusal(body: Mapping[str, Any] | bytes, **setting: Any) -> ProblemError:
    try:
        snapshot = parse(body, **setting)
    except ProblemError as problem:
        return problem
    raise AssertionError(f"accepted with {snapshot.content_hash}")


def pointers(problem: ProblemError) -> list[str]:
    return sorted(violation.pointer for violation in problem.violations)


# Text without surrogates, which have no UTF-8 form.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
asset_ids = st.one_of(
    st.text("ABCabc019.:/-", min_size=1, max_size=8),
    st.sampled_from(["삼성전자", "é", "\U0001f600", "\uff21", "a b", "A#1"]),
)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), finite, texts),
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(texts, children, max_size=4),
    ),
    max_leaves=20,
)
