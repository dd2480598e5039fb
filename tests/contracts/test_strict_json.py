import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from risk_hub_contracts.base.limits import BODY_MAX_BYTES, JSON_MAX_DEPTH
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.strict_json import loads
from tests.contracts.samples import json_values, texts

REFUSED = object()


class Members(list[tuple[str, Any]]):
    """The members of one object in the order of the text."""


def reference(raw: bytes) -> Any:
    """A slow parser that accepts exactly what the contract accepts; REFUSED for anything else."""
    try:
        text = raw.decode("utf-8")
        if text.startswith("\ufeff"):
            return REFUSED
        tree = json.loads(text, object_pairs_hook=Members, parse_constant=_no_constants)
        return _built(tree, 0)
    except (ValueError, RecursionError):
        return REFUSED


def _no_constants(token: str) -> None:
    raise ValueError(token)


def _built(value: Any, depth: int) -> Any:
    if isinstance(value, list):
        if depth == JSON_MAX_DEPTH:
            raise ValueError("too deep")
        if not isinstance(value, Members):
            return [_built(item, depth + 1) for item in value]
        if len({key for key, _ in value}) != len(value):
            raise ValueError("duplicate key")
        return {_built(key, depth): _built(item, depth + 1) for key, item in value}
    if isinstance(value, str):
        value.encode()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("infinite")
    return value


def ours(raw: bytes) -> Any:
    try:
        return loads(raw)
    except ProblemError:
        return REFUSED


def same(first: object, second: object) -> bool:
    """Equality that distinguishes 1 from 1.0 and from true."""
    return repr(first) == repr(second)


scalars = st.one_of(
    st.sampled_from(
        ["0", "-0", "1e5", "1E+2", "-1.50", "1e999", "NaN", "Infinity", "01", "1.", "true", "null"]
    ),
    st.sampled_from(
        [
            '"\\u0041"',
            '"A"',
            '"\\ud800"',
            '"\\ud83d\\ude00"',
            '"a:b"',
            '"\\"{"',
            '"\\\\"',
            '":"',
            '"x\\\\\\""',
        ]
    ),
    texts.map(json.dumps),
    st.integers().map(str),
)


def _object(members: list[tuple[str, str]]) -> str:
    return "{ " + ",\n".join(f"{key} : {value}" for key, value in members) + "}"


keys = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"a:b"', '"\\\\"', '"\\""', '"]["']) | texts.map(
    json.dumps
)
json_texts = st.recursive(
    scalars,
    lambda children: st.one_of(
        st.lists(children, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(keys, children), max_size=4).map(_object),
    ),
    max_leaves=12,
)


@given(json_texts)
@example('{"a": 1, "\\u0061": 2}')
@example('{"a": "\\"", "b": "a\\": 1"}')
@example('[{"a": {}}, {"a": []}, {}]')
def test_parser_matches_the_reference_on_duplicates_escapes_and_odd_numbers(text: str) -> None:
    assert same(ours(text.encode()), reference(text.encode()))


@given(json_texts, st.integers(0, 60), st.binary(max_size=2))
def test_parser_matches_the_reference_on_corrupted_json(text: str, at: int, damage: bytes) -> None:
    raw = text.encode()
    damaged = raw[:at] + damage + raw[at + 1 :]
    assert same(ours(damaged), reference(damaged))


@given(json_values)
def test_standard_library_json_round_trips(value: Any) -> None:
    assert same(loads(json.dumps(value).encode()), value)
    assert same(loads(json.dumps(value, ensure_ascii=False, indent=1).encode()), value)


@given(st.integers(1, 400), st.sampled_from(["[{}]", "{{}}", "[{{}}]"]))
def test_parser_matches_the_reference_on_deep_nesting(levels: int, kind: str) -> None:
    opening, closing = {"[{}]": ("[", "]"), "{{}}": ('{"a":', "}"), "[{{}}]": ('[{"a":', "}]")}[kind]
    raw = (opening * levels + "1" + closing * levels).encode()
    assert same(ours(raw), reference(raw))


def test_nesting_at_the_limit_is_accepted_and_one_level_more_rejected() -> None:
    deepest = b"[" * JSON_MAX_DEPTH + b"]" * JSON_MAX_DEPTH
    assert loads(deepest) is not None
    with pytest.raises(ProblemError, match="too-deep"):
        loads(b"[" + deepest + b"]")


def test_json_at_the_size_limit_is_accepted_and_one_byte_more_rejected() -> None:
    longest = b'"' + b"a" * (BODY_MAX_BYTES - 2) + b'"'
    assert isinstance(loads(longest), str)
    with pytest.raises(ProblemError, match="body-too-large"):
        loads(longest + b" ")


@pytest.mark.parametrize(
    ("raw", "pointers"),
    [
        (b'{"a": 1, "a": 1}', ["/a"]),
        (b'{"a": [0, {"b": 1, "c": 2, "b": 3}]}', ["/a/1/b"]),
        (b'{"a/b": {"~": 1, "~": 1}}', ["/a~1b/~0"]),
        (b'{"a": {"x": 1}, "a": {"x": 1, "x": 2}}', ["/a", "/a/x"]),
        (b'{"a": 1, "\\u0061": 1}', ["/a"]),
    ],
)
def test_duplicate_keys_are_reported_at_their_pointers(raw: bytes, pointers: list[str]) -> None:
    with pytest.raises(ProblemError, match="duplicate-key") as caught:
        loads(raw)
    assert [violation.pointer for violation in caught.value.violations] == pointers


def test_numbers_outside_the_float_range_are_reported_at_their_pointers() -> None:
    with pytest.raises(ProblemError, match="non-finite-number") as caught:
        loads(b'{"a": [1e999, "x", -1e999], "b": 1}')
    assert [violation.pointer for violation in caught.value.violations] == ["/a/0", "/a/2"]


@pytest.mark.parametrize(
    ("raw", "slug"),
    [
        (b"1" * 5000, "non-finite-number"),
        (b'["NaN", NaN]', "non-finite-number"),
        (b'["NaN"', "malformed-json"),
        (b"[" * 100_000, "too-deep"),
        (b'\xef\xbb\xbf{"a": 1}', "malformed-json"),
        (b"\xff\xfe{\x00}\x00", "not-utf8"),
        (b'"\xc0\x80"', "not-utf8"),
        (b'"\\udc00"', "malformed-json"),
        (b"{} {}", "malformed-json"),
        (b"", "malformed-json"),
    ],
)
def test_invalid_json_text_raises_the_matching_problem(raw: bytes, slug: str) -> None:
    with pytest.raises(ProblemError) as caught:
        loads(raw)
    assert caught.value.type.slug == slug
