"""The detail of malformed JSON is a plain sentence with the place of the fault, not the words of a parser."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.strict_json import loads

FAULTS = {
    "an empty body": (b" \n", "The body is not JSON: it is empty."),
    "a comma before the end of an object": (
        b'{"weights": {"A": 1,\n}}',
        "The body is not JSON: line 2, column 1: a comma before `}`; remove the comma.",
    ),
    "a comma before the end of an array": (b"[1, 2,]", "line 1, column 7: a comma before `]`; remove the"),
    "two commas": (b'{"a": 1,, "b": 2}', "line 1, column 9: expected a key in double quotes, found `,`"),
    "a missing comma": (b'{"a": 1 "b": 2}', 'column 9: expected a comma or } after the member, found `"`'),
    "a missing comma in an array": (b"[1 2]", "column 4: expected a comma or ] after the element, found `2`"),
    "a missing colon": (b'{"a" 1}', "line 1, column 6: expected a colon after the key, found `1`"),
    "a key in single quotes": (b"{'a': 1}", "column 2: expected a key in double quotes, found `'`; strings"),
    "a value in single quotes": (
        b"{\"a\": 'x'}",
        "column 7: expected a value, found `'`; strings have double",
    ),
    "typographic quotes": ('{"a": “x”}'.encode(), "found “ (U+201C); strings have straight double quotes"),
    "a key without quotes": (b"{a: 1}", "line 1, column 2: expected a key in double quotes, found `a`."),
    "Python's True": (b'{"a": True}', "line 1, column 7: expected a value, found `T`; write true in lower"),
    "Python's None": (b'{"a": None}', "found `N`; write an unknown value as null."),
    "a comment": (b'{"a": 1, // note\n"b": 2}', "found `/`; JSON has no comments."),
    "a plus sign": (b'{"a": +1}', "found `+`; a number has no plus sign."),
    "a number without a leading digit": (b'{"a": .5}', "found `.`; a number begins with a digit."),
    "a leading zero": (b'{"a": 01}', "line 1, column 8: the number is incomplete or has a leading zero"),
    "a truncated object": (b'{"a": 1', "line 1, column 8: the text ends inside an object; close it with }."),
    "a truncated array": (b'{"a": [1', "the text ends inside an array; close it with ]."),
    "a truncated string": (b'{"a": "x', "the text ends inside a string; close it with a double quote."),
    "a truncated member": (b'{"a":', "the text ends before its last value is complete."),
    "text after the end": (b'{"a": 1}\n{}', "line 2, column 1: `{` after the end of the JSON value; remove"),
    "a line feed in a string": (
        b'{"a": "x\ny"}',
        "line 1, column 9: a string contains the control character U",
    ),
    "an unknown escape": (
        b'{"a": "C:\\work"}',
        'line 1, column 11: a backslash in a string must be followed by one of " \\ / b f n r t u.',
    ),
    "a lone surrogate": (
        b'{"a": "\\ud800"}',
        "a \\u escape is incomplete or a lone surrogate; write four hex digits",
    ),
    "HTML": (b"<html></html>", "found `<`; the text looks like HTML or XML."),
    "a byte order mark": (b"\xef\xbb\xbf{}", "The body begins with a byte order mark; remove it."),
    "NaN": (b'{"a":\n [NaN]}', "NaN is not a JSON number (line 2, column 3 of the body)."),
    "minus infinity": (b'{"a": -Infinity}', "-Infinity is not a JSON number (line 1, column 8 of the body)."),
    "a number with 5,000 digits": (b"[" + b"1" * 5000 + b"]", "outside the range of a 64-bit float: line 1,"),
    "a duplicate key": (b'{"a": {"b": 1, "b": 1}}', "The key at /a/b appears more than once."),
    "a fault after letters outside ASCII": ('{"é": 1,}'.encode(), "line 1, column 9: a comma before `}`"),
}
PARSERS_WORDS = re.compile(r"EOF|ident\b|while parsing|trailing|at line \d+ column|hex escape")


def detail(raw: bytes) -> str | None:
    try:
        loads(raw)
    except ProblemError as error:
        return error.detail
    return None


@pytest.mark.parametrize(("raw", "sentence"), FAULTS.values(), ids=list(FAULTS))
def test_detail_of_malformed_json_names_the_place_and_what_is_expected(raw: bytes, sentence: str) -> None:
    found = detail(raw)
    assert found is not None
    assert sentence in found
    assert not PARSERS_WORDS.search(found)


@given(
    st.binary(max_size=12)
    | st.text(alphabet="{}[]\",:-+.0123456789eEtrufalsn\\ \n'é", max_size=24).map(str.encode)
)
def test_detail_of_any_malformed_text_is_free_of_the_words_of_the_parser(raw: bytes) -> None:
    found = detail(raw)
    assert found is None or not PARSERS_WORDS.search(found)
    assert found is None or json.loads(json.dumps(found)) == found
    assert "violates RFC 8259" not in (found or "")
