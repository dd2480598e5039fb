"""Bodies that fail as JSON text, before any field is read."""

from typing import Final

from risk_hub_contracts.base.limits import JSON_MAX_DEPTH
from risk_hub_contracts.base.problems import (
    CONTRACT_VIOLATION,
    DUPLICATE_KEY,
    MALFORMED_JSON,
    NON_FINITE_NUMBER,
    NOT_UTF8,
    TOO_DEEP,
)
from risk_hub_contracts.golden.cases import Invalid, text

_TOO_DEEP_ARRAYS: Final = "[" * JSON_MAX_DEPTH + "]" * JSON_MAX_DEPTH

INVALID_TEXTS: Final = (
    Invalid("json-empty", "no body at all", MALFORMED_JSON, (), ""),
    Invalid("json-truncated", "the text ends inside an object", MALFORMED_JSON, (), text()[:-1]),
    Invalid("json-trailing", "something after the object", MALFORMED_JSON, (), text() + " {}"),
    Invalid(
        "json-trailing-comma", "a comma before the closing brace", MALFORMED_JSON, (), '{"version": "1",}'
    ),
    Invalid("json-single-quotes", "Python syntax, not JSON", MALFORMED_JSON, (), "{'version': '1'}"),
    Invalid("json-bom", "a byte order mark", MALFORMED_JSON, (), b"\xef\xbb\xbf" + text().encode()),
    Invalid("json-lone-surrogate", "a lone surrogate", MALFORMED_JSON, (), text(version='"\\ud800"')),
    Invalid("json-not-utf8", "Latin-1 bytes", NOT_UTF8, (), text(version='"é"').encode("latin-1")),
    Invalid("json-utf16", "UTF-16", NOT_UTF8, (), text().encode("utf-16")),
    Invalid(
        "json-surrogate-bytes",
        "CESU-8",
        NOT_UTF8,
        (),
        text(version='"@"').encode().replace(b"@", b"\xed\xa0\x80"),
    ),
    Invalid(
        "json-duplicate-key",
        "one field twice, even with one value",
        DUPLICATE_KEY,
        ("/version",),
        text()[:-1] + ', "version": "rebalance-2025-01-01T00:00:00Z"}',
    ),
    Invalid(
        "json-duplicate-asset",
        "one asset twice",
        DUPLICATE_KEY,
        ("/weights/AAPL",),
        text(weights='{"AAPL": 0.4, "MSFT": 0.5, "AAPL": 0.1}'),
    ),
    Invalid(
        "json-duplicate-escaped",
        "the same key, spelled with an escape",
        DUPLICATE_KEY,
        ("/weights/A",),
        text(weights='{"A": 1, "\\u0041": 1}'),
    ),
    Invalid("json-nan", "NaN is not a JSON number", NON_FINITE_NUMBER, (), text(weights='{"AAPL": NaN}')),
    Invalid(
        "json-infinity",
        "Infinity is not a JSON number",
        NON_FINITE_NUMBER,
        (),
        text(weights='{"AAPL": -Infinity}'),
    ),
    Invalid(
        "json-overflow",
        "outside the range of a 64-bit float",
        NON_FINITE_NUMBER,
        ("/weights/AAPL",),
        text(weights='{"AAPL": 1e999, "MSFT": 0.5}'),
    ),
    Invalid(
        "json-too-deep",
        f"{JSON_MAX_DEPTH + 2} levels, {JSON_MAX_DEPTH} are allowed",
        TOO_DEEP,
        (),
        text(constraints='{"a": ' + _TOO_DEEP_ARRAYS + "}"),
    ),
    Invalid("json-array", "an array instead of an object", CONTRACT_VIOLATION, ("",), "[]"),
    Invalid("json-null", "null instead of an object", CONTRACT_VIOLATION, ("",), "null"),
    Invalid("json-string", "a string instead of an object", CONTRACT_VIOLATION, ("",), '"{}"'),
)
