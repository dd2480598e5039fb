import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from risk_hub_contracts.base.canonical import gateway_digest
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.blob.refs import BlobRef
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
    "portfolio",
    "returns_meta",
    "covariance_meta",
    "portfolio_returns",
    "risk",
    "constraints",
    "ttl_sec",
    "provenance",
    "hash",
]


def document(**changes: Any) -> Snapshot:
    body = with_fields(**changes)
    return parse_snapshot_document(body, world_id=WORLD_ID, actor="gateway", stage="paper", now=NOW)


def test_parsed_snapshot_holds_the_sent_fields_and_defaults() -> None:
    snapshot = parse(with_fields(as_of="2025-01-01T09:00:00+09:00", weights={"B": 1, "A": -0.0}))
    assert snapshot.as_of == datetime(2025, 1, 1, tzinfo=UTC)
    assert snapshot.as_of_text == "2025-01-01T09:00:00+09:00"
    assert json.dumps(snapshot.weights) == '{"B": 1.0, "A": 0.0}'
    assert (snapshot.ttl_sec, snapshot.constraints, snapshot.components) == (900, None, ())
    assert (snapshot.actor, snapshot.stage) == ("gateway", "paper")
    assert snapshot.provenance == {"actor": "gateway", "stage": "paper"}


def test_snapshot_document_contains_exactly_the_contract_fields() -> None:
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


def test_provenance_is_kept_with_actor_and_stage_added() -> None:
    snapshot = parse(with_fields(provenance={"run": 7, "stage": "PAPER"}))
    assert snapshot.provenance == {"run": 7, "stage": "paper", "actor": "gateway"}


def test_parsing_does_not_modify_the_body() -> None:
    body = with_fields(weights={"A": 1, "B": -0.0}, provenance={"run": 1})
    before = json.dumps(body)
    parse_snapshot_document(body, world_id=WORLD_ID, actor="gateway", stage="paper", now=NOW)
    assert json.dumps(body) == before


def test_parsed_body_and_raw_text_give_equal_snapshots() -> None:
    assert document(stress={"a": {"b": 1.5}}) == parse(with_fields(stress={"a": {"b": 1.5}}))


def test_out_of_range_number_is_rejected_in_a_parsed_body() -> None:
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
def test_component_entries_are_counted_as_for_the_offload_threshold(
    field: Any, value: object, entries: int
) -> None:
    component = parse(with_fields(**{field: value})).component(field)
    assert component is not None
    assert component.entries == entries
    assert Component.from_blob(component.blob or b"") == component


def test_ref_with_a_different_digest_cannot_replace_a_component() -> None:
    snapshot = parse(with_fields(realized_returns=[0.1]))
    sha256 = "f" * 64
    ref = BlobRef(ref=f"s3://b-b/risk-blobs/w/{sha256}", sha256=sha256, bytes=1, kind="realized_returns")
    with pytest.raises(ValueError, match="digest"):
        snapshot.with_refs({"realized_returns": ref})
    with pytest.raises(ValueError, match="digest"):
        snapshot.with_refs({"stress": ref.model_copy(update={"kind": "stress"})})


def test_world_mismatch_is_reported_before_other_violations() -> None:
    problem = refusal({"world_id": "other", "weights": None})
    assert (problem.type.slug, pointers(problem)) == ("world-mismatch", ["/world_id"])


def test_malformed_path_world_id_is_a_contract_violation() -> None:
    problem = refusal(with_fields(), world_id="a/b")
    assert (problem.type.status, pointers(problem)) == (422, ["/world_id"])


def test_hash_mismatch_is_reported_only_without_other_violations() -> None:
    assert pointers(refusal(with_fields(hash="sha256:0", ttl_sec=0))) == ["/ttl_sec"]
    problem = refusal(with_fields(hash="sha256:0"))
    assert problem.to_problem()["expected_hash"] == parse(with_fields()).content_hash
    assert parse(with_fields()).content_hash in problem.violations[0].detail


@pytest.mark.parametrize("field", ["created_at", "hash_of"])
def test_created_at_is_ignored_and_other_unknown_fields_are_rejected(field: str) -> None:
    body = with_fields(**{field: {"any": [None]}})
    if field == "created_at":
        assert parse(body).content_hash == parse(with_fields()).content_hash
    else:
        assert pointers(refusal(body)) == ["/hash_of"]


@pytest.mark.parametrize("created_at", [1_764_504_000_000_000_000, 1e300, {"at": [10**40]}])
def test_numbers_of_the_ignored_created_at_have_no_limit(created_at: object) -> None:
    plain, ignored = with_fields(), with_fields(created_at=created_at)
    assert parse(ignored).content_hash == parse(plain).content_hash
    claim = gateway_digest(ignored, "sha256")
    assert parse(ignored | {"hash": claim}).content_hash == parse(plain).content_hash


def test_misspelled_field_error_suggests_the_correct_name() -> None:
    assert "did you mean 'weights'?" in refusal(with_fields(wieghts={})).violations[0].detail


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in BODY])
def test_null_for_an_optional_field_is_rejected(field: str) -> None:
    problem = refusal(with_fields(**{field: None}))
    assert pointers(problem) == [f"/{field}"]
    assert "leave out" in problem.violations[0].detail


def test_stress_metrics_may_have_python_attribute_names() -> None:
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
def test_arbitrary_json_gives_a_snapshot_or_a_4xx_problem(body: Any) -> None:
    try:
        answer = parse(json.dumps(body).encode()).to_document()
    except ProblemError as problem:
        answer = problem.to_problem()
    assert answer.get("status", 200) < 500


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_a_4xx_problem(raw: bytes) -> None:
    assert refusal(raw).type.status < 500
