"""Covariance: converts the three inline forms to one packed upper triangle over sorted ids."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, combinations_with_replacement
from math import sqrt
from operator import itemgetter, mul
from typing import Any

from risk_hub_contracts.base.ids import asset_id_violation
from risk_hub_contracts.base.limits import CORRELATION_MAX_EXCESS
from risk_hub_contracts.base.pointers import pointer
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.base.violations import capped_violations
from risk_hub_contracts.blob.triangle import reorder_triangle, triangle_index, triangle_size
from risk_hub_contracts.snapshot.pair_keys import agree, pair_pointer, read_pairs
from risk_hub_contracts.snapshot.request import covariance_form


@dataclass(frozen=True, slots=True)
class Triangle:
    """A symmetric matrix: ids sorted by code point, packed upper triangle, and the source of each entry."""

    ids: Sequence[str]
    upper: list[float]
    locate: Callable[[str, str], str]

    def variances(self) -> list[float]:
        """The diagonal, in the order of `ids`."""
        count = len(self.ids)
        return [self.upper[triangle_index(count, row, row)] for row in range(count)]


def read_covariance(
    value: Mapping[str, Any],
    weight_ids: Collection[str],
    violations: list[Violation],
) -> Triangle | None:
    """Return the normal form of a covariance whose shape is valid; append its violations to `violations`.

    Args:
        value: one of the three inline forms.
        weight_ids: the ids that it must cover; additional ids are allowed.
        violations: receives one violation per broken rule; the result is valid only if it stays empty.
    """
    if covariance_form(value) == "pairs":
        triangle = _from_pairs(value, weight_ids, violations)
    elif invalid_ids := list(_id_violations(value["ids"])):
        violations += invalid_ids
        return None
    else:
        triangle = _from_matrix(value, violations) if "matrix" in value else _from_upper(value, violations)
    if triangle is not None:
        violations += chain(
            coverage_violations(triangle.ids, weight_ids, "/covariance"), _value_violations(triangle)
        )
    return triangle


def _from_pairs(
    value: Mapping[str, float],
    weight_ids: Collection[str],
    violations: list[Violation],
) -> Triangle | None:
    found = read_pairs(value, weight_ids, violations)
    return None if found is None else Triangle(*found, partial(pair_pointer, value))


def _from_upper(value: Mapping[str, Any], violations: list[Violation]) -> Triangle | None:
    ids, upper = value["ids"], value["upper"]
    if len(upper) != triangle_size(len(ids)):
        numbers = counted(triangle_size(len(ids)), "number")
        wanted = f"{counted(len(ids), 'id needs', 'ids need')} {numbers}, not {len(upper)}"
        violations.append(Violation("/covariance/upper", wanted))
        return None

    def locate(first: str, second: str) -> str:
        return pointer("covariance", "upper", triangle_index(len(ids), ids.index(first), ids.index(second)))

    order = sorted(range(len(ids)), key=ids.__getitem__)
    return Triangle(sorted(ids), list(reorder_triangle(upper, order)), locate)


def _from_matrix(value: Mapping[str, Any], violations: list[Violation]) -> Triangle | None:
    ids, rows = value["ids"], value["matrix"]
    shape_violations = list(_shape_violations(rows, len(ids)))
    if shape_violations:
        violations += shape_violations
        return None

    def locate(first: str, second: str) -> str:
        return pointer("covariance", "matrix", ids.index(first), ids.index(second))

    order = sorted(range(len(ids)), key=ids.__getitem__)
    if order != list(range(len(ids))):
        pick = itemgetter(*order)
        rows = [pick(rows[row]) for row in order]
    upper, lower = _triangle(rows), _triangle(zip(*rows, strict=True))
    triangle = Triangle(sorted(ids), upper, locate)
    if upper != lower:
        violations += _symmetrize(triangle, lower)
    return triangle


def _triangle(rows: Iterable[Sequence[float]]) -> list[float]:
    return list(chain.from_iterable(row[start:] for start, row in enumerate(rows)))


def _shape_violations(rows: Sequence[Sequence[float]], count: int) -> Iterator[Violation]:
    ids_need = counted(count, "id needs", "ids need")
    if len(rows) != count:
        yield Violation("/covariance/matrix", f"{ids_need} {counted(count, 'row')}, not {len(rows)}")
    for index, row in enumerate(rows):
        if len(row) != count:
            wanted = f"{ids_need} {counted(count, 'number')} in each row, not {len(row)}"
            yield Violation(pointer("covariance", "matrix", index), wanted)


def _symmetrize(triangle: Triangle, lower: Sequence[float]) -> Iterator[Violation]:
    """Store the mean where both halves agree to rounding, so that the order of ids has no effect."""

    def asymmetric(hit: tuple[int, int, int]) -> Violation:
        index, row, column = hit
        where = triangle.locate(triangle.ids[row], triangle.ids[column])
        above, below = triangle.upper[index], lower[index]
        return Violation(where, f"not symmetric: {above!r} here, {below!r} in the opposite entry")

    return capped_violations(_unequal_halves(triangle, lower), asymmetric, "/covariance")


def _unequal_halves(triangle: Triangle, lower: Sequence[float]) -> Iterator[tuple[int, int, int]]:
    upper, deviations = triangle.upper, [sqrt(abs(variance)) for variance in triangle.variances()]
    for index, (row, column) in enumerate(combinations_with_replacement(range(len(deviations)), 2)):
        above, below = upper[index], lower[index]
        if above == below:
            continue
        if agree(above, below, deviations[row] * deviations[column]):
            upper[index] = (above + below) / 2
        else:
            yield index, row, column


def _id_violations(ids: Sequence[str]) -> Iterator[Violation]:
    seen: set[str] = set()
    for index, asset_id in enumerate(ids):
        violation = (
            f"the id {asset_id!a} appears more than once"
            if asset_id in seen
            else asset_id_violation(asset_id)
        )
        seen.add(asset_id)
        if violation:
            yield Violation(pointer("covariance", "ids", index), violation)


def coverage_violations(ids: Collection[str], weight_ids: Collection[str], at: str) -> Iterator[Violation]:
    """Yield one violation at the pointer `at` for each weight id that `ids` does not contain."""
    covered = set(ids)
    for asset_id in weight_ids:
        if asset_id not in covered:
            yield Violation(at, f"does not contain {asset_id!a}, which has a weight")


def _value_violations(triangle: Triangle) -> Iterator[Violation]:
    variances = triangle.variances()
    if min(variances) >= 0:

        def beyond(pair: tuple[str, str]) -> Violation:
            detail = f"the correlation of {pair[0]!a} and {pair[1]!a} is not between -1 and 1"
            return Violation(triangle.locate(*pair), detail)

        yield from capped_violations(
            _beyond_correlation_one(triangle, list(map(sqrt, variances))), beyond, "/covariance"
        )
    for asset_id, variance in zip(triangle.ids, variances, strict=True):
        if variance < 0:
            where = triangle.locate(asset_id, asset_id)
            yield Violation(where, f"the variance of {asset_id!a} must not be negative")


def _beyond_correlation_one(triangle: Triangle, deviations: list[float]) -> Iterator[tuple[str, str]]:
    exact = min(deviations) == 0
    inverse = [] if exact else [1 / deviation for deviation in deviations]
    count, end = len(deviations), 0
    for row, deviation in enumerate(deviations[:-1]):
        start, end = end + 1, end + count - row
        entries = triangle.upper[start:end]
        scaled = [] if exact else list(map(mul, entries, inverse[row + 1 :]))
        bound = deviation * (1 + CORRELATION_MAX_EXCESS)
        if exact or max(scaled) > bound or min(scaled) < -bound:
            for column, entry in enumerate(entries, row + 1):
                if abs(entry) > bound * deviations[column]:
                    yield triangle.ids[row], triangle.ids[column]
