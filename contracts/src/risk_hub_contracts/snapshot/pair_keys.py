"""Pair maps of a covariance: `"a,b"` or `"a:b"` -> number, each pair in one order or both."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement, islice
from math import sqrt
from typing import Final

from risk_hub_contracts.base.ids import asset_id_violation
from risk_hub_contracts.base.limits import (
    ASSET_ID_MAX_CHARS,
    COVARIANCE_ASYMMETRY_MAX_RATIO,
    VIOLATIONS_MAX_COUNT,
)
from risk_hub_contracts.base.pointers import pointer
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.blob.triangle import triangle_size

Pair = tuple[str, str]
KeysByPair = dict[Pair, tuple[str, ...]]
_KEY_MAX_CHARS: Final = 2 * ASSET_ID_MAX_CHARS + 1


def agree(first: float, second: float, scale: float) -> bool:
    """Return whether two entries of a pair differ by rounding only, relative to the standard deviations."""
    largest = max(abs(first), abs(second), scale)
    return first == second or abs(first - second) <= COVARIANCE_ASYMMETRY_MAX_RATIO * largest


def read_pairs(
    pairs: Mapping[str, float],
    weight_ids: Collection[str],
    violations: list[Violation],
) -> tuple[list[str], list[float]] | None:
    """Return the sorted ids of a pair map and its packed upper triangle; append violations to `violations`."""
    ids = sorted(weight_ids)
    quick = _exact_triangle(pairs, ids)
    if quick is not None:
        return ids, quick
    keys_by_pair = _resolve(pairs, weight_ids, violations)
    ids = sorted({asset_id for pair in keys_by_pair for asset_id in pair})
    found = [*_id_violations(keys_by_pair, ids), *_missing(keys_by_pair, ids)]
    violations += found
    if found or not ids:
        return None
    violations += _disagreements(pairs, keys_by_pair)
    return ids, [_value(pairs, keys_by_pair[pair]) for pair in combinations_with_replacement(ids, 2)]


def pair_pointer(pairs: Mapping[str, float], first: str, second: str) -> str:
    """Return the pointer to the entry of two ids, in either order and with either separator."""
    keys = (f"{a}{separator}{b}" for separator in ",:" for a, b in ((first, second), (second, first)))
    return next((pointer("covariance", key) for key in keys if key in pairs), "/covariance")


def _exact_triangle(pairs: Mapping[str, float], ids: list[str]) -> list[float] | None:
    """Return the triangle if `pairs` holds exactly that of `ids`, comma-joined in sorted order.

    Programs write this form; reading it is several times faster than splitting keys.
    """
    if len(pairs) != triangle_size(len(ids)):
        return None
    upper: list[float | None] = []
    for position, first in enumerate(ids):
        upper.extend(map(pairs.get, map(f"{first},".__add__, ids[position:])))
    return None if None in upper else [value for value in upper if value is not None]


def _resolve(
    pairs: Mapping[str, float], weight_ids: Collection[str], violations: list[Violation]
) -> KeysByPair:
    """Split the keys. A key with several possible splits must have exactly one into two known ids."""
    found: KeysByPair = {}
    ambiguous_keys: list[str] = []
    for key in pairs:
        first, separator, second = key.partition("," if "," in key else ":")
        if first and second and separator not in second:
            pair = (first, second) if first <= second else (second, first)
            found[pair] = (*found[pair], key) if pair in found else (key,)
        else:
            ambiguous_keys.append(key)
    known = {asset_id for pair in found for asset_id in pair}.union(weight_ids)
    for key in ambiguous_keys:
        fitting = {pair for pair in _splits(key) if known.issuperset(pair)}
        if len(fitting) == 1:
            pair = fitting.pop()
            found[pair] = (*found.get(pair, ()), key)
        else:
            violations.append(Violation(pointer("covariance", key), _ambiguity_detail(fitting)))
    return found


def _splits(key: str) -> set[Pair]:
    if "," in key or len(key) > _KEY_MAX_CHARS:
        return set()
    cuts = [cut for cut in range(1, len(key) - 1) if key[cut] == ":"]
    return {_sorted_pair(key[:cut], key[cut + 1 :]) for cut in cuts}


def _sorted_pair(first: str, second: str) -> Pair:
    return (first, second) if first <= second else (second, first)


def _ambiguity_detail(fitting: Collection[Pair]) -> str:
    if not fitting:
        return 'a key must be two known asset ids, as "a,b" or "a:b"'
    return f'ambiguous: {len(fitting)} pairs of ids can be read from this key; write it as "a,b"'


def _id_violations(keys_by_pair: KeysByPair, ids: Sequence[str]) -> Iterator[Violation]:
    bad = {asset_id: violation for asset_id in ids if (violation := asset_id_violation(asset_id))}
    for pair, keys in keys_by_pair.items() if bad else ():
        for asset_id in bad.keys() & pair:
            yield Violation(pointer("covariance", keys[0]), f"{asset_id!a}: {bad[asset_id]}")


def _missing(keys_by_pair: KeysByPair, ids: Sequence[str]) -> Iterator[Violation]:
    count = triangle_size(len(ids)) - len(keys_by_pair)
    named = min(count, VIOLATIONS_MAX_COUNT - 1)
    missing = (pair for pair in combinations_with_replacement(ids, 2) if pair not in keys_by_pair)
    for first, second in islice(missing, named):
        yield Violation("/covariance", f"the pair {first!a}, {second!a} is missing")
    if count > named:
        yield Violation("/covariance", f"{count - named} more pairs are missing")


def _disagreements(pairs: Mapping[str, float], keys_by_pair: KeysByPair) -> Iterator[Violation]:
    for (first, second), keys in keys_by_pair.items():
        if len(keys) == 1:
            continue
        values = [pairs[key] for key in keys]
        scale = sqrt(abs(pairs[keys_by_pair[first, first][0]])) * sqrt(
            abs(pairs[keys_by_pair[second, second][0]])
        )
        if not agree(min(values), max(values), scale):
            detail = f"must equal the value of {keys[0]!a}, which names the same pair ({values[0]!r}, here {values[-1]!r})"
            yield Violation(pointer("covariance", keys[-1]), detail)


def _value(pairs: Mapping[str, float], keys: Sequence[str]) -> float:
    if len(keys) == 1:
        return pairs[keys[0]]
    values = [pairs[key] for key in keys]
    low, high = min(values), max(values)
    return low if low == high else (low + high) / 2
