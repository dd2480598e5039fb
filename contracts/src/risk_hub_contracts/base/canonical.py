"""Canonical JSON (RFC 8785) and the content hash.

`canonical_json` is byte-equal to `rfc8785.dumps`, which is the reference in the tests and handles the rare
cases
here: subclasses, and values without a canonical form.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any, Final, Literal

import rfc8785

from risk_hub_contracts.base.limits import INTEGER_MAX_ABS

__all__ = ["DigestAlgorithm", "canonical_json", "content_hash", "gateway_digest", "sha256_hex"]

DigestAlgorithm = Literal["sha256", "blake3"]
_PLAIN_POWER_MIN: Final = -6
_PLAIN_POWER_MAX: Final = 20
_UNCLAIMED_FIELDS: Final = frozenset({"hash", "created_at"})


def canonical_json(value: object) -> bytes:
    """Return the RFC 8785 form of `value`, UTF-8.

    Raises:
        ValueError: a number that is not finite or an integer beyond 2^53 - 1, a lone surrogate, a key that is
            not a string, or a type that JSON does not have.
    """
    try:
        return _text(value).encode()
    except UnicodeEncodeError:
        raise ValueError("a lone surrogate has no UTF-8 form") from None


def content_hash(normalised: Mapping[str, Any]) -> str:
    """Return `sha256:<hex>` of the normalised snapshot.

    `normalised` holds world_id, version, as_of (UTC, six fractional digits), ttl_sec, weights, provenance
    and, where present, constraints; covariance, realized_returns and stress enter as the `sha256:<hex>` of
    their canonical blob, so that an inline component and its reference give the same hash.
    """
    return "sha256:" + sha256_hex(canonical_json(normalised))


def gateway_digest(body: Mapping[str, Any], algorithm: DigestAlgorithm) -> str:
    """Return the digest that the deployed Gateway client computes over the body that it sends.

    Compact JSON with sorted keys, ASCII-escaped, Python float repr, without `hash` and `created_at`.

    Raises:
        ModuleNotFoundError: `blake3` is requested and the extra of that name is not installed.
    """
    claimed = {key: value for key, value in body.items() if key not in _UNCLAIMED_FIELDS}
    text = json.dumps(claimed, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    if algorithm == "sha256":
        return "sha256:" + sha256_hex(text)
    from blake3 import blake3  # noqa: PLC0415 - an optional extra, needed only for hashes of the old client

    return "blake3:" + blake3(text).hexdigest()


def sha256_hex(data: bytes | memoryview) -> str:
    """Return the SHA-256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def _text(value: object) -> str:
    return _writer(type(value))(value)


def _texts(values: Collection[object]) -> Iterator[str]:
    """Yield the text of each value; values of a single type (a book's weights) need one type test only."""
    kinds = set(map(type, values))
    return map(_writer(kinds.pop()) if len(kinds) == 1 else _text, values)


def _writer(kind: type) -> Callable[[Any], str]:
    return _WRITERS.get(kind, _fallback_text)


def _fallback_text(value: Any) -> str:  # noqa: ANN401 - true, false, null, subclasses, and what JSON does not have
    return rfc8785.dumps(value).decode()


def _object_text(members: dict[str, Any]) -> str:
    keys = _sorted_keys(members)
    texts = _texts([members[key] for key in keys])
    return "{" + ",".join(map(":".join, zip(map(encode_basestring, keys), texts, strict=True))) + "}"


def _sorted_keys(keys: Collection[str]) -> list[str]:
    try:
        if all(map(str.isascii, keys)):
            return sorted(keys)
        return sorted(keys, key=_utf16)
    except TypeError:
        raise ValueError("object keys must be strings") from None


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _array_text(items: list[Any] | tuple[Any, ...]) -> str:
    return "[" + ",".join(_texts(items)) + "]"


def _float_text(value: float) -> str:
    text = repr(value)
    if text[-2:] == ".0":  # faster than endswith
        return text[:-2] if value else "0"
    if "n" in text:
        return _fallback_text(value)
    return _exponent_text(text) if "e" in text else text


def _exponent_text(text: str) -> str:
    """Convert Python's exponent notation to ECMAScript's: plain digits from 1e-6 up to below 1e21."""
    mantissa, _, exponent = text.partition("e")
    power = int(exponent)
    if not _PLAIN_POWER_MIN <= power <= _PLAIN_POWER_MAX:
        return f"{mantissa}e{power:+}"
    sign, digits = "-" * (mantissa[0] == "-"), mantissa.lstrip("-").replace(".", "")
    return sign + (f"0.{digits:0>{len(digits) - power - 1}}" if power < 0 else digits.ljust(power + 1, "0"))


def _integer_text(value: int) -> str:
    return str(value) if -INTEGER_MAX_ABS <= value <= INTEGER_MAX_ABS else _fallback_text(value)


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    float: _float_text,
    str: encode_basestring,
    dict: _object_text,
    list: _array_text,
    tuple: _array_text,
    int: _integer_text,
}
