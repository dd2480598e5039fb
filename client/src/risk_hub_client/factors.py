"""Covariances in factor form, from lists or arrays."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from risk_hub_client.blobs import Blob
from risk_hub_client.covariance_arrays import COVARIANCE_POINTER, id_violations, is_bounded
from risk_hub_client.wire import Chunk
from risk_hub_contracts.base.limits import NUMBER_MAX_ABS
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.blob.types import FLOAT_BYTES

__all__ = ["FactorModel", "factor_blob"]


@dataclass(frozen=True, slots=True)
class FactorModel:
    """Covariance F F' + diag(specific) of `ids`: F (n x k) of unit-variance factors, n specific variances."""

    ids: Sequence[str]
    factors: Any
    specific: Any


def factor_blob(model: FactorModel, weight_ids: Collection[str]) -> Blob | list[Violation]:
    """Return a factor model of arrays as a blob, or its violations."""
    count = len(model.ids)
    if model.factors.ndim != 2 or model.factors.shape[0] != count or model.specific.shape != (count,):  # noqa: PLR2004
        return [
            Violation(
                COVARIANCE_POINTER,
                f"{counted(count, 'id needs', 'ids need')} the same number of factor rows and of specific variances",
            )
        ]
    if not model.factors.size:
        return [Violation(COVARIANCE_POINTER, "a factor model must have at least one id and one factor")]
    if any(numbers.dtype.kind not in "fiu" for numbers in (model.factors, model.specific)):
        return [Violation(COVARIANCE_POINTER, "a factor model must contain only real numbers")]
    model = FactorModel(model.ids, model.factors.astype("<f8"), model.specific.astype("<f8"))
    violations = list(id_violations(model.ids, weight_ids)) + [
        Violation(
            COVARIANCE_POINTER, f"every number of the {what} must be finite and at most {NUMBER_MAX_ABS:g}"
        )
        for what, numbers in (("factors", model.factors), ("specific variances", model.specific))
        if not is_bounded(numbers)
    ]
    if not violations and model.specific.min() < 0:
        violations.append(Violation(COVARIANCE_POINTER, "a specific variance must not be negative"))
    if violations:
        return violations
    order = sorted(range(count), key=model.ids.__getitem__)
    header: dict[str, object] = {"ids": [model.ids[place] for place in order], "layout": "factor"}
    return Blob.of_numbers("covariance", header, _FactorRows(model, order))


@dataclass(frozen=True, slots=True)
class _FactorRows:
    """The payload of a factor model, in chunks of about one megabyte, computed again for each reading."""

    model: FactorModel
    order: Sequence[int]

    @property
    def size_bytes(self) -> int:
        return int(self.model.factors.size + self.model.specific.size) * FLOAT_BYTES

    def chunks(self, first_byte: int, size_bytes: int) -> Iterator[Chunk]:
        order = list(self.order)
        arrays = (self.model.factors[order], self.model.specific[order])
        data = b"".join((array + 0.0).astype("<f8").tobytes() for array in arrays)
        yield memoryview(data)[first_byte : first_byte + size_bytes]
