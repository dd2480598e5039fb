"""Bodies that are JSON and break a rule about a small field."""

from typing import Final

from risk_hub_contracts.base.limits import ID_MAX_CHARS, INTEGER_MAX_ABS, TTL_MAX_SECONDS
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, HASH_MISMATCH, WORLD_MISMATCH
from risk_hub_contracts.golden.cases import BODY, Invalid, body

_ZEROS: Final = "0" * 64


def _violation(name: str, why: str, *pointers: str, **changes: object) -> Invalid:
    return Invalid(name, why, CONTRACT_VIOLATION, pointers, body(**changes))


def _as_of(name: str, why: str, as_of: object) -> Invalid:
    return _violation(f"as-of-{name}", why, "/as_of", as_of=as_of)


def _weight(name: str, why: str, weight: object) -> Invalid:
    return _violation(f"weights-{name}", why, "/weights/AAPL", weights={"AAPL": weight, "MSFT": 0.5})


def _asset(name: str, why: str, asset_id: str, pointer: str) -> Invalid:
    return _violation(f"weights-id-{name}", why, pointer, weights={asset_id: 1.0})


def _claim(name: str, why: str, claim: str) -> Invalid:
    return Invalid(f"hash-{name}", why, HASH_MISMATCH, ("/hash",), body(hash=claim))


_WORLD = (
    Invalid(
        "world-other", "the path names another world", WORLD_MISMATCH, ("/world_id",), body(world_id="eu")
    ),
    Invalid(
        "world-case",
        "ids are compared as they are",
        WORLD_MISMATCH,
        ("/world_id",),
        body(world_id="US-equities"),
    ),
    _violation("world-number", "an id is a string", "/world_id", world_id=5),
    _violation("world-null", "a field that may be absent is never null", "/world_id", world_id=None),
)
_VERSION = (
    _violation("version-missing", "required", "/version", version=...),
    _violation("version-null", "required", "/version", version=None),
    _violation("version-number", "an id is a string", "/version", version=1),
    _violation("version-empty", "at least one character", "/version", version=""),
    _violation(
        "version-too-long", f"{ID_MAX_CHARS + 1} characters", "/version", version="v" * (ID_MAX_CHARS + 1)
    ),
    _violation("version-dots-first", "no path out of its folder", "/version", version="../v1"),
    _violation("version-slash", "no path separator", "/version", version="v/1"),
    _violation("version-hash-sign", "no key delimiter of a store", "/version", version="v#1"),
    _violation("version-space", "no white space", "/version", version="v 1"),
    _violation("version-newline", "no control character at the end", "/version", version="v1\n"),
    _violation("version-non-ascii", "one alphabet", "/version", version="vé"),
)
_TIME = (
    _violation("as-of-missing", "required", "/as_of", as_of=...),
    _as_of("naive", "the offset is missing", "2025-01-01T00:00:00"),
    _as_of("date-only", "a date without a time", "2025-01-01"),
    _as_of("week-date", "ISO 8601, but not RFC 3339", "2025-W01-3T00:00:00Z"),
    _as_of("basic-format", "ISO 8601, but not RFC 3339", "20250101T000000Z"),
    _as_of("space", "a T must separate date and time", "2025-01-01 00:00:00Z"),
    _as_of("epoch", "a number instead of a string", 1735689600),
    _as_of("epoch-text", "a number in a string", "1735689600"),
    _as_of("minus-sign", "U+2212 is not a hyphen", "2025-01-01T00:00:00\u221205:00"),
    _as_of("other-digits", "digits are ASCII", "\u0662\u0660\u0662\u0665-01-01T00:00:00Z"),
    _as_of("leap-second", "leap seconds are not accepted", "2016-12-31T23:59:60Z"),
    _as_of("hour-24", "midnight is hour 0", "2025-01-01T24:00:00Z"),
    _as_of("no-such-day", "a day that does not exist", "2025-02-29T00:00:00Z"),
    _as_of("offset-too-far", "offsets end at 14:00", "2025-01-01T00:00:00+14:01"),
    _as_of("offset-short", "an offset has minutes", "2025-01-01T00:00:00+09"),
    _as_of("seven-digits", "more than six fractional digits", "2025-01-01T00:00:00.0000001Z"),
    _as_of("before-1990", "before the earliest year", "1989-12-31T23:59:59Z"),
    _as_of("future", "301 s ahead of the hub's clock", "2025-01-02T00:05:01Z"),
    _as_of("trailing-newline", "nothing after the offset", "2025-01-01T00:00:00Z\n"),
)
_WEIGHTS = (
    _violation("weights-missing", "required", "/weights", weights=...),
    _violation("weights-empty", "weights must not be empty", "/weights", weights={}),
    _violation("weights-array", "ids are needed", "/weights", weights=[0.5, 0.5]),
    _weight("boolean", "true is not 1", weight=True),
    _weight("string", "a number, not its text", "0.5"),
    _weight("null", "null instead of a weight", None),
    _weight("object", "a number", {"value": 0.5}),
    _weight("too-large", "the magnitude exceeds the limit", 1_000_001),
    _violation("weights-sum-below", "0.9989", "/weights", weights={"AAPL": 0.4989, "MSFT": 0.5}),
    _violation("weights-sum-above", "1.0011", "/weights", weights={"AAPL": 0.5011, "MSFT": 0.5}),
    _violation("weights-sum-zero", "long and short cancel out", "/weights", weights={"AAPL": 1, "MSFT": -1}),
    _asset("empty", "at least one character", "", "/weights/"),
    _asset("too-long", "129 characters", "A" * 129, "/weights/" + "A" * 129),
    _asset("comma", "commas join pairs", "A,B", "/weights/A,B"),
    _asset("space-first", "no white space at the ends", " A", "/weights/ A"),
    _asset("space-last", "no white space at the ends", "A ", "/weights/A "),
    _asset("nul", "no control characters", "A\u0000B", "/weights/A\u0000B"),
    _asset("not-nfc", "one spelling per id", "e\u0301", "/weights/e\u0301"),
)
_REST = (
    _violation("ttl-zero", "at least 1 s", "/ttl_sec", ttl_sec=0),
    _violation("ttl-negative", "at least 1 s", "/ttl_sec", ttl_sec=-1),
    _violation("ttl-too-long", "a day at most", "/ttl_sec", ttl_sec=TTL_MAX_SECONDS + 1),
    _violation("ttl-boolean", "true is not 1", "/ttl_sec", ttl_sec=True),
    _violation("ttl-float", "whole seconds", "/ttl_sec", ttl_sec=1.9),
    _violation("ttl-whole-float", "a JSON integer", "/ttl_sec", ttl_sec=900.0),
    _violation("ttl-string", "a number, not its text", "/ttl_sec", ttl_sec="900"),
    _violation("ttl-null", "leave it out for the default", "/ttl_sec", ttl_sec=None),
    _violation("constraints-array", "an object", "/constraints", constraints=[]),
    _violation("constraints-null", "leave it out", "/constraints", constraints=None),
    _violation(
        "integer-too-large", "not exact", "/constraints/cap", constraints={"cap": INTEGER_MAX_ABS + 1}
    ),
    _violation("number-too-large", "beyond 1e126", "/constraints/a/0", constraints={"a": [1e127]}),
    _violation("provenance-array", "an object", "/provenance", provenance=[]),
    _violation("provenance-actor", "not X-Actor", "/provenance/actor", provenance={"actor": "other"}),
    _violation("provenance-stage", "not X-Stage", "/provenance/stage", provenance={"stage": "live"}),
    _violation("provenance-actor-number", "a text", "/provenance/actor", provenance={"actor": 5}),
    _claim("wrong", "a digest of other content", f"sha256:{_ZEROS}"),
    _claim("wrong-blake3", "a digest of other content", f"blake3:{_ZEROS}"),
    _claim("algorithm", "an unknown algorithm", f"md5:{_ZEROS[:32]}"),
    _claim("bare", "no algorithm named", _ZEROS),
    _claim("upper-case", "hex digits are lower-case", "SHA256:" + _ZEROS),
    _violation("hash-number", "a text", "/hash", hash=5),
    _violation("unknown-field", "an unknown field", "/wieghts", wieghts={"AAPL": 1}),
    _violation("unknown-escaped", "pointers escape / and ~", "/a~1b~0c", **{"a/b~c": 1}),
    Invalid(
        "many-faults",
        "every violation is listed",
        CONTRACT_VIOLATION,
        ("/as_of", "/ttl_sec", "/version", "/weights", "/x"),
        {**BODY, "version": "", "as_of": "today", "weights": {"AAPL": 2}, "ttl_sec": 0, "x": 1},
    ),
)
INVALID_BODIES: Final = (*_WORLD, *_VERSION, *_TIME, *_WEIGHTS, *_REST)
