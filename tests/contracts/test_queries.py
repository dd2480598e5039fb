from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.api.queries import BacktestQuery, LatestQuery, ListQuery, LookupQuery, parse_query
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, INVALID_QUERY, ProblemError
from tests.contracts.samples import pointers

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def test_absent_parameters_have_their_defaults() -> None:
    assert parse_query(LatestQuery, None, None) == LatestQuery()
    query = parse_query(ListQuery, {}, {})
    assert (query.limit, query.order, query.include_expired, query.cursor) == (20, "desc", False, None)


def test_every_list_query_parameter_is_parsed() -> None:
    params = {
        "limit": "5",
        "cursor": "abc",
        "stage": "Paper",
        "actor": "gateway",
        "from": "2025-01-01T00:00:00Z",
        "to": "2025-01-01T09:00:00+09:00",
        "order": "asc",
        "known_at": "2025-01-01T00:00:00Z",
        "include_expired": "true",
    }
    query = parse_query(ListQuery, params, {name: [value] for name, value in params.items()})
    assert (query.limit, query.cursor, query.stage, query.actor) == (5, "abc", "paper", "gateway")
    assert query.from_ == query.to == query.known_at == NEW_YEAR
    assert (query.order, query.include_expired) == ("asc", True)


def test_lookup_accepts_version_as_of_or_both() -> None:
    assert parse_query(LookupQuery, {"version": "v1"}).version == "v1"
    assert parse_query(LookupQuery, {"as_of": "2025-01-01T00:00:00Z"}).as_of == NEW_YEAR
    both = parse_query(LookupQuery, {"as_of": "2025-01-01T00:00:00Z", "version": "v1"})
    assert (both.version, both.as_of) == ("v1", NEW_YEAR)


def test_lookup_without_version_and_as_of_is_rejected() -> None:
    with pytest.raises(ProblemError, match="give version or as_of") as caught:
        parse_query(LookupQuery, {"stage": "paper"})
    assert caught.value.type is INVALID_QUERY
    assert pointers(caught.value) == [""]


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"expand": "True"}, "true or false"),
        ({"expand": "1"}, "true or false"),
        ({"expand": ""}, "true or false"),
        ({"include_expired": "yes"}, "true or false"),
        ({"known_at": "2025-01-01"}, "RFC 3339"),
        ({"known_at": "2025-01-01T00:00:00 09:00"}, "%2B"),
        ({"known_at": "1735689600"}, "RFC 3339"),
        ({"stage": ""}, "stage name"),
        ({"stage": "pa per"}, "stage name"),
        ({"actor": ""}, "printable ASCII"),
        ({"actor": "gate\r\nway"}, "printable ASCII"),
        ({"actor": "é"}, "printable ASCII"),
        ({"stgae": "paper"}, "did you mean 'stage'"),
    ],
)
def test_invalid_query_parameter_error_states_the_accepted_values(
    params: dict[str, str], reason: str
) -> None:
    with pytest.raises(ProblemError, match=reason) as caught:
        parse_query(LatestQuery, params)
    assert caught.value.type is INVALID_QUERY
    assert pointers(caught.value) == [f"/{name}" for name in params]


def test_unknown_query_parameter_error_lists_the_known_parameters() -> None:
    with pytest.raises(ProblemError) as caught:
        parse_query(BacktestQuery, {"stage": "paper", "LIMIT": "5"})
    assert caught.value.detail == (
        "/LIMIT: unknown parameter 'LIMIT'; known parameters are confidence_bps, from, method, stage, to."
    )


def test_error_text_ending_with_a_question_mark_gets_no_full_stop() -> None:
    with pytest.raises(ProblemError, match=r"did you mean 'stage'\?$"):
        parse_query(LatestQuery, {"stgae": "paper"})


@pytest.mark.parametrize(
    "params", [{"order": "up"}, {"order": ""}, {"from": "x"}, {"to": "x"}, {"cursor": ""}, {"from_": "x"}]
)
def test_invalid_list_parameter_is_rejected(params: dict[str, str]) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_query(ListQuery, params)
    assert pointers(caught.value) == [f"/{name}" for name in params]


def test_repeated_query_parameter_is_rejected_even_with_equal_values() -> None:
    with pytest.raises(ProblemError, match="only once") as caught:
        parse_query(LatestQuery, {"stage": "paper"}, {"stage": ["paper", "paper"]})
    assert pointers(caught.value) == ["/stage"]


def test_every_query_violation_is_listed() -> None:
    with pytest.raises(ProblemError, match="and 3 more") as caught:
        parse_query(LookupQuery, {"version": "a b", "expand": "x", "y": "1"}, {"version": ["a", "a b"]})
    assert pointers(caught.value) == ["/expand", "/version", "/version", "/y"]


@given(st.dictionaries(st.sampled_from([*ListQuery.model_fields, "from", "x"]), st.text(max_size=30)))
def test_arbitrary_parameters_give_a_query_or_an_invalid_query_problem(params: dict[str, str]) -> None:
    try:
        query: ListQuery | None = parse_query(ListQuery, params)
    except ProblemError as problem:
        query = None
        assert problem.type is INVALID_QUERY  # noqa: PT017 - either outcome is right
    assert query is None or 1 <= query.limit <= 100


@pytest.mark.parametrize("value", ["w", "0", "us-equities", "a.b_c:d@e+f-g", "x" * 128])
def test_valid_path_id_is_returned(value: str) -> None:
    assert check_id(value, "/world_id") == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "../x",
        "-a",
        "_a",
        " a",
        "a ",
        "a b",
        "a/b",
        "a#b",
        "a\n",
        "a\x00",
        "é",
        "a,b",
        "x" * 129,
        "%2e",
    ],
)
def test_invalid_path_id_is_a_contract_violation_at_its_pointer(value: str) -> None:
    with pytest.raises(ProblemError) as caught:
        check_id(value, "/version")
    assert caught.value.type is CONTRACT_VIOLATION
    assert pointers(caught.value) == ["/version"]
