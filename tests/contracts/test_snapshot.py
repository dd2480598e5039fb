import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.write import encode_returns, encode_stress
from risk_hub_contracts.snapshot.parse import Component, Snapshot, parse_snapshot_document
from tests.contracts.samples import BODY, NOW, WORLD_ID, json_values, parse, pointers, refusal, with_fields

FIELDS = [
    "world_id",
    "version",
    "as_of",
    "weights",
    "covariance",
    "covariance_ref",
    "realized_returns",
    "realized_returns_ref",
    "stress",
    "stress_ref",
    "constraints",
    "ttl_sec",
    "provenance",
    "hash",
]


def document(**changes: Any) -> Snapshot:
    body = with_fields(**changes)
    return parse_snapshot_document(body, world_id=WORLD_ID, actor="gateway", stage="paper", now=NOW)


def test_the_snapshot_holds_what_was_sent_and_what_was_filled_in() -> None:
    snapshot = parse(with_fields(as_of="2025-01-01T09:00:00+09:00", weights={"B": 1, "A": -0.0}))
    assert snapshot.as_of == datetime(2025, 1, 1, tzinfo=UTC)
    assert snapshot.as_of_text == "2025-01-01T09:00:00+09:00"
    assert json.dumps(snapshot.weights) == '{"B": 1.0, "A": 0.0}'
    assert (snapshot.ttl_sec, snapshot.constraints, snapshot.components) == (900, None, ())
    assert (snapshot.actor, snapshot.stage) == ("gateway", "paper")
    assert snapshot.provenance == {"actor": "gateway", "stage": "paper"}


def test_the_document_has_the_contracts_fields_and_no_others() -> None:
    snapshot = parse(with_fields(stress={"s": {"m": 1}}, hash=None) | {"hash": parse_hash()})
    assert snapshot.to_document() == {
        "world_id": WORLD_ID,
        "version": "v1",
        "as_of": BODY["as_of"],
        "weights": BODY["weights"],
        "stress": {"s": {"m": 1}},
        "ttl_sec": 900,
        "provenance": {"actor": "gateway", "stage": "paper"},
    }


def parse_hash() -> str:
    return parse(with_fields(stress={"s": {"m": 1}})).content_hash


def test_provenance_is_kept_and_completed() -> None:
    snapshot = parse(with_fields(provenance={"run": 7, "stage": "PAPER"}))
    assert snapshot.provenance == {"run": 7, "stage": "paper", "actor": "gateway"}


def test_the_body_is_not_changed_by_reading_it() -> None:
    body = with_fields(weights={"A": 1, "B": -0.0}, provenance={"run": 1})
    before = json.dumps(body)
    parse_snapshot_document(body, world_id=WORLD_ID, actor="gateway", stage="paper", now=NOW)
    assert json.dumps(body) == before


def test_a_parsed_body_and_its_text_give_one_snapshot() -> None:
    assert document(stress={"a": {"b": 1.5}}) == parse(with_fields(stress={"a": {"b": 1.5}}))


def test_a_number_out_of_range_is_found_in_a_parsed_body_too() -> None:
    with pytest.raises(ProblemError, match="/constraints/a"):
        document(constraints={"a": 2**60})


@pytest.mark.parametrize(
    ("field", "value", "entries"),
    [
        ("covariance", {"ids": ["AAPL", "GOOG", "MSFT"], "upper": [1, 0, 0, 1, 0, 1]}, 9),
        ("realized_returns", {"AAPL": [0.1, 0.2], "MSFT": [0.3]}, 3),
        ("realized_returns", [0.1, 0.2], 2),
        ("stress", {"a": {"x": 1, "y": 2}, "b": {}}, 2),
    ],
)
def test_the_size_of_a_part_is_counted_as_the_threshold_counts(
    field: Any, value: object, entries: int
) -> None:
    component = parse(with_fields(**{field: value})).component(field)
    assert component is not None
    assert component.entries == entries
    assert Component.from_blob(component.blob or b"") == component


def test_a_reference_for_another_blob_does_not_replace_a_part() -> None:
    snapshot = parse(with_fields(realized_returns=[0.1]))
    sha256 = "f" * 64
    ref = BlobRef(ref=f"s3://b-b/risk-blobs/w/{sha256}", sha256=sha256, bytes=1, kind="realized_returns")
    with pytest.raises(ValueError, match="digest"):
        snapshot.with_refs({"realized_returns": ref})
    with pytest.raises(ValueError, match="digest"):
        snapshot.with_refs({"stress": ref.model_copy(update={"kind": "stress"})})


def test_bytes_of_another_blob_do_not_replace_a_part() -> None:
    snapshot = parse(with_fields(realized_returns=[0.1]))
    assert snapshot.with_blobs({"realized_returns": encode_returns([0.1])}) == snapshot
    for other in (encode_returns([0.2]), encode_stress({})):
        with pytest.raises(ValueError, match="digest"):
            snapshot.with_blobs({"realized_returns": other})
    with pytest.raises(ValueError, match="first line"):
        snapshot.with_blobs({"realized_returns": b"junk"})


def test_another_world_is_told_before_any_other_fault() -> None:
    problem = refusal({"world_id": "other", "weights": None})
    assert (problem.type.slug, pointers(problem)) == ("world-mismatch", ["/world_id"])


def test_a_malformed_world_of_the_path_is_a_contract_violation() -> None:
    problem = refusal(with_fields(), world_id="a/b")
    assert (problem.type.status, pointers(problem)) == (422, ["/world_id"])


def test_a_wrong_claim_is_told_only_when_all_else_is_right() -> None:
    assert pointers(refusal(with_fields(hash="sha256:0", ttl_sec=0))) == ["/ttl_sec"]
    problem = refusal(with_fields(hash="sha256:0"))
    assert problem.to_problem()["expected_hash"] == parse(with_fields()).content_hash
    assert parse(with_fields()).content_hash in problem.violations[0].detail


@pytest.mark.parametrize("field", ["created_at", "hash_of"])
def test_only_the_clock_is_ignored_among_foreign_fields(field: str) -> None:
    body = with_fields(**{field: {"any": [None]}})
    if field == "created_at":
        assert parse(body).content_hash == parse(with_fields()).content_hash
    else:
        assert pointers(refusal(body)) == ["/hash_of"]


def test_a_typo_is_answered_with_the_field_that_was_meant() -> None:
    assert "did you mean 'weights'?" in refusal(with_fields(wieghts={})).violations[0].detail


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in BODY])
def test_null_is_no_value_for_a_field_that_may_be_absent(field: str) -> None:
    problem = refusal(with_fields(**{field: None}))
    assert pointers(problem) == [f"/{field}"]
    assert "leave out" in problem.violations[0].detail


def test_a_metric_may_have_any_name() -> None:
    names = ["model_config", "model_fields", "__class__", "__dict__", "copy", "self", "shock"]
    stress = {"s": dict.fromkeys(names, 1.5)}
    component = parse(with_fields(stress=stress)).component("stress")
    assert component is not None
    assert component.document == stress


# INV-11, the contract's part: any JSON value is a snapshot or an answerable problem.
bodies = st.dictionaries(st.sampled_from(FIELDS), json_values) | st.tuples(
    st.sampled_from([field for field in FIELDS if field not in BODY]), json_values
).map(lambda change: {**BODY, change[0]: change[1]})


@given(bodies | json_values)
@example({**BODY, "stress": {"a": {"x": 1e20}}})
@example({**BODY, "realized_returns": [float(2**53), 5e-324]})
@example({**BODY, "constraints": {"": {"": []}}})
@example({**BODY, "covariance": {"ids": [], "upper": []}})
@example({**BODY, "covariance": {"ids": ["AAPL", "MSFT"], "matrix": [[5e-324, 5e-324], [5e-324, 5e-324]]}})
def test_any_json_is_a_snapshot_or_a_problem_below_500(body: Any) -> None:
    try:
        answer = parse(json.dumps(body).encode()).to_document()
    except ProblemError as problem:
        answer = problem.to_problem()
    assert answer.get("status", 200) < 500


@given(st.binary(max_size=200))
def test_any_bytes_are_a_problem_below_500(raw: bytes) -> None:
    assert refusal(raw).type.status < 500
