"""Bodies that break a rule about a large component or its reference."""

from typing import Any, Final

from risk_hub_contracts.base.limits import BLOB_MAX_BYTES
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, REF_INVALID
from risk_hub_contracts.golden.cases import BUCKET, WORLD_ID, Invalid, body

_SHA256: Final = "0123456789abcdef" * 4
_URI: Final = f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{_SHA256}"
_REF: Final = {"ref": _URI, "sha256": _SHA256, "bytes": 1024, "kind": "covariance"}
_PAIRS: Final = {"AAPL,AAPL": 0.04, "AAPL,MSFT": 0.01, "MSFT,MSFT": 0.09}
_IDS: Final = ["AAPL", "MSFT"]


def _covariance(name: str, why: str, covariance: object, *pointers: str) -> Invalid:
    return Invalid(
        f"covariance-{name}",
        why,
        CONTRACT_VIOLATION,
        tuple(f"/covariance{pointer}" for pointer in pointers or ("",)),
        body(covariance=covariance),
    )


def _pairs(name: str, why: str, changes: dict[str, object], *pointers: str) -> Invalid:
    return _covariance(f"pairs-{name}", why, {**_PAIRS, **changes}, *pointers)


def _matrix(name: str, why: str, matrix: object, *pointers: str) -> Invalid:
    return _covariance(f"matrix-{name}", why, {"ids": _IDS, "matrix": matrix}, *pointers)


def _ref(name: str, why: str, ref: object, *pointers: str) -> Invalid:
    found = tuple(f"/covariance_ref{pointer}" for pointer in pointers or ("",))
    return Invalid(f"ref-{name}", why, REF_INVALID, found, body(covariance_ref=ref))


def _component(name: str, why: str, *pointers: str, **changes: Any) -> Invalid:  # noqa: ANN401 - any JSON
    return Invalid(name, why, CONTRACT_VIOLATION, pointers, body(**changes))


_COVARIANCE = (
    _covariance("null", "leave it out", None),
    _covariance("array", "ids are needed", [[1, 0], [0, 1]]),
    _covariance("empty", "covers nothing", {}),
    _covariance(
        "unknown-member", "one form at a time", {"ids": _IDS, "upper": [1, 0, 1], "scale": 2}, "/scale"
    ),
    _covariance(
        "two-forms", "one form at a time", {"ids": _IDS, "upper": [1, 0, 1], "matrix": []}, "/matrix"
    ),
    _covariance("no-numbers", "ids alone", {"ids": _IDS}, "/matrix"),
    _covariance("no-ids", "whose numbers?", {"upper": [1, 0, 1]}, "/ids"),
    _covariance("ids-twice", "an id twice", {"ids": ["AAPL", "AAPL"], "upper": [1, 0, 1]}, "/ids/1"),
    _covariance("bad-id", "an id with a comma", {"ids": ["AAPL", "A,B"], "upper": [1, 0, 1]}, "/ids/1"),
    _covariance("uncovered", "MSFT has a weight", {"ids": ["AAPL"], "upper": [1]}),
    _covariance("upper-short", "3 numbers for 2 ids", {"ids": _IDS, "upper": [1, 0]}, "/upper"),
    _covariance("upper-negative-variance", "a variance", {"ids": _IDS, "upper": [1, 0, -1]}, "/upper/2"),
    _matrix("rows", "2 rows for 2 ids", [[1, 0]], "/matrix"),
    _matrix("ragged", "2 numbers in each row", [[1, 0], [0]], "/matrix/1"),
    _matrix("asymmetric", "both halves must agree", [[1, 0.5], [0.4, 1]], "/matrix/0/1"),
    _matrix("negative-variance", "a variance", [[-1, 0], [0, 1]], "/matrix/0/0"),
    _matrix("correlation", "a correlation of 2", [[1, 2], [2, 1]], "/matrix/0/1"),
    _matrix("boolean", "true is not 1", [[True, 0], [0, 1]], "/matrix/0/0"),
    _matrix("null", "an unknown entry", [[1, None], [None, 1]], "/matrix/0/1", "/matrix/1/0"),
    _pairs("missing", "AAPL, MSFT is missing", {"GOOG,GOOG": 1}, "", ""),
    _pairs("disagree", "(a, b) and (b, a) differ", {"MSFT,AAPL": 0.02}, "/MSFT,AAPL"),
    _pairs("negative-variance", "a variance", {"MSFT,MSFT": -0.09}, "/MSFT,MSFT"),
    _pairs("correlation", "a correlation of 5/3", {"AAPL,MSFT": 0.1}, "/AAPL,MSFT"),
    _pairs("string", "a number, not its text", {"AAPL,MSFT": "0.01"}, "/AAPL,MSFT"),
    _pairs("no-joint", "one id is not a pair", {"AAPL": 0.04}, "/AAPL"),
    _pairs("three-ids", "a pair has two ids", {"AAPL,MSFT,GOOG": 0.04}, "/AAPL,MSFT,GOOG"),
    Invalid(
        "covariance-pairs-ambiguous",
        "a:b:c may be (a, b:c) or (a:b, c)",
        CONTRACT_VIOLATION,
        ("/covariance/a:b:c",),
        body(
            weights={"a": 0.25, "b:c": 0.25, "a:b": 0.25, "c": 0.25},
            covariance={"a:b:c": 0.1},
        ),
    ),
)
_REFS = (
    _ref("null", "leave it out", None),
    _ref("http", "only s3 references are accepted", "http://169.254.169.254/latest/meta-data"),
    _ref("file", "only s3 references are accepted", "file:///etc/passwd"),
    _ref("redis", "only s3 references are accepted", f"redis://{BUCKET}/{_SHA256}"),
    _ref("bucket", "another bucket", _URI.replace(BUCKET, "someone-else")),
    _ref("world", "another world's blob", _URI.replace(WORLD_ID, "eu-equities")),
    _ref("prefix", "another prefix", _URI.replace("risk-blobs", "risk-bodies")),
    _ref("traversal", "no path segment `..`", _URI.replace(_SHA256, f"../eu-equities/{_SHA256}")),
    _ref("digest-short", "63 hex digits", _URI[:-1]),
    _ref("digest-upper-case", "hex digits are lower-case", _URI.replace(_SHA256, _SHA256.upper())),
    _ref("query", "nothing after the digest", _URI + "?versionId=1"),
    _ref("number", "a reference", 5),
    _ref("digest-missing", "required", {k: v for k, v in _REF.items() if k != "sha256"}, "/sha256"),
    _ref("digest-differs", "not the one in the address", {**_REF, "sha256": "f" * 64}, "/sha256"),
    _ref("kind", "the blob of another field", {**_REF, "kind": "stress"}, "/kind"),
    _ref("kind-unknown", "an unknown kind", {**_REF, "kind": "matrix"}, "/kind"),
    _ref("bytes-zero", "a blob must not be empty", {**_REF, "bytes": 0}, "/bytes"),
    _ref("bytes-too-many", "over the limit", {**_REF, "bytes": BLOB_MAX_BYTES + 1}, "/bytes"),
    _ref("unknown-member", "an unknown field", {**_REF, "etag": "x"}, "/etag"),
    _component("ref-and-field", "one of the two", "/covariance", covariance=_PAIRS, covariance_ref=_REF),
)
_SERIES = (
    _component("returns-empty-map", "leave it out", "/realized_returns", realized_returns={}),
    _component("returns-empty-list", "leave it out", "/realized_returns", realized_returns=[]),
    _component(
        "returns-empty-series", "leave AAPL out", "/realized_returns/AAPL", realized_returns={"AAPL": []}
    ),
    _component("returns-null", "leave it out", "/realized_returns", realized_returns=None),
    _component("returns-number", "a series", "/realized_returns", realized_returns=0.1),
    _component("returns-nulls-alone", "no observation", "/realized_returns", realized_returns=[None, None]),
    _component(
        "returns-nulls-of-an-asset",
        "no observation",
        "/realized_returns/MSFT",
        realized_returns={"AAPL": [0.1, None], "MSFT": [None, None]},
    ),
    _component(
        "returns-string-point", "a number", "/realized_returns/AAPL/0", realized_returns={"AAPL": ["0.1"]}
    ),
    _component("returns-bad-id", "an id", "/realized_returns/ A", realized_returns={" A": [0.1]}),
    _component("stress-null", "leave it out", "/stress", stress=None),
    _component("stress-array", "scenarios have names", "/stress", stress=[]),
    _component("stress-flat", "a scenario is a map", "/stress/crash", stress={"crash": -0.2}),
    _component("stress-string-metric", "a number", "/stress/crash/loss", stress={"crash": {"loss": "0.2"}}),
    _component("stress-null-metric", "a number", "/stress/crash/loss", stress={"crash": {"loss": None}}),
    _component("stress-shocks-list", "a map", "/stress/crash/shocks", stress={"crash": {"shocks": [0.1]}}),
    _component(
        "stress-shock-boolean", "a number", "/stress/c/shocks/A", stress={"c": {"shocks": {"A": True}}}
    ),
    _component("stress-empty-name", "a name", "/stress/", stress={"": {"loss": 0.2}}),
)
INVALID_COMPONENTS: Final = (*_COVARIANCE, *_REFS, *_SERIES)
