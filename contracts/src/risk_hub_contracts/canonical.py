"""Canonical JSON (RFC 8785) and the content hash.

`canonical_json` is byte-equal to `rfc8785.dumps`, which serves as its oracle in the tests and still writes
the rare numbers whose text differs between Python and ECMAScript.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from json.encoder import encode_basestring
from typing import Any, Final, Literal

import rfc8785

from risk_hub_contracts.limits import INTEGER_MAX_ABS

__all__ = ["DigestAlgorithm", "canonical_json", "content_hash", "gateway_digest", "sha256_hex"]

DigestAlgorithm = Literal["sha256", "blake3"]
_NOT_PART_OF_A_CLAIM: Final = frozenset({"hash", "created_at"})


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
    their canonical blob, so that an inline part and its reference give one hash.
    """
    return "sha256:" + sha256_hex(canonical_json(normalised))


def gateway_digest(body: Mapping[str, Any], algorithm: DigestAlgorithm) -> str:
    """Return the deployed Gateway client's own digest of the body that it sent.

    Compact JSON with sorted keys, ASCII-escaped, Python float repr, without `hash` and `created_at`.

    Raises:
        ModuleNotFoundError: `blake3` is asked for and the extra of that name is not installed.
    """
    claimed = {key: value for key, value in body.items() if key not in _NOT_PART_OF_A_CLAIM}
    text = json.dumps(claimed, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    if algorithm == "sha256":
        return "sha256:" + sha256_hex(text)
    from blake3 import blake3  # noqa: PLC0415 - an optional extra, needed by the old client's claims alone

    return "blake3:" + blake3(text).hexdigest()


def sha256_hex(data: bytes | memoryview) -> str:
    """Return the SHA-256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def _text(value: object) -> str:
    write = _WRITERS.get(type(value))
    return write(value) if write else rfc8785.dumps(value).decode()  # type: ignore[arg-type]


def _object_text(members: dict[str, Any]) -> str:
    keys = _sorted_keys(members)
    return "{" + ",".join([f"{encode_basestring(key)}:{_text(members[key])}" for key in keys]) + "}"


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
    return "[" + ",".join(map(_text, items)) + "]"


def _float_text(value: float) -> str:
    text = repr(value)
    if text.endswith(".0"):
        return text[:-2] if value else "0"
    if "e" in text or "n" in text:
        return rfc8785.dumps(value).decode()
    return text


def _integer_text(value: int) -> str:
    return str(value) if -INTEGER_MAX_ABS <= value <= INTEGER_MAX_ABS else rfc8785.dumps(value).decode()


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    float: _float_text,
    str: encode_basestring,
    dict: _object_text,
    list: _array_text,
    tuple: _array_text,
    int: _integer_text,
}
