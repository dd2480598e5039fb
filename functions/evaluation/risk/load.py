"""Load a snapshot's inputs, verified (INV-06), and compare them with the book."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date

from functions.evaluation.risk.inputs import CovarianceInput, ReturnsInput, covered_share, estimated, held
from functions.evaluation.risk.report import Inputs
from functions.evaluation.worker_steps import verified_bytes
from functions.hub.ports import BlobError, BlobStore
from functions.measures.covariance.form import CovarianceForm, Verdict
from functions.measures.covariance.choose_form import opened
from functions.measures.returns import book_returns, dates_of
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import BlobFormatError, BlobKind, Covariance, Decoded, RealizedReturns
from risk_hub_contracts.reports.risk import InputSource, RiskInput
from risk_hub_contracts.snapshot.parse import Part, Snapshot

Judge = Callable[[Part, CovarianceForm], tuple[Verdict, str | None]]
"""Returns the verdict on a covariance, and the first `as_of` that used its bytes."""
Since = Callable[[Part], str | None]
"""Returns the first `as_of` that used the bytes of undated returns."""


@dataclass(frozen=True, slots=True)
class LoadInputs:
    """Turns the parts of a snapshot into inputs; a missing, broken or insufficient input has a reason."""

    blobs: BlobStore
    judge: Judge
    since: Since

    def __call__(self, snapshot: Snapshot) -> Inputs:
        """Return the inputs.

        Raises:
            UnavailableError: a store did not answer.
        """
        weights = held(snapshot.weights)
        covariance = self._covariance(snapshot.part("covariance"), weights)
        as_of = snapshot.as_of.astimezone(UTC).date()
        returns = self._returns(snapshot.part("realized_returns"), weights, as_of)
        absent = covariance.reason == "covariance_absent"
        return Inputs(covariance, returns, estimated(returns, weights) if absent else None)

    def _covariance(self, part: Part | None, weights: dict[str, float]) -> CovarianceInput:
        declared, decoded, reason = self._decoded("covariance", part)
        if part is None or not isinstance(decoded, Covariance):
            return CovarianceInput(declared, reason=reason)
        form = opened(decoded)
        verdict, since = self.judge(part, form)
        coverage = covered_share(weights, decoded.ids)
        if coverage < 1:
            reason = "covariance_does_not_cover_weights"
        return CovarianceInput(
            _covering(declared, coverage),
            decoded.ids,
            form,
            verdict,
            verdict.reason or reason,
            known_since=since,
        )

    def _returns(self, part: Part | None, weights: dict[str, float], as_of: date) -> ReturnsInput:
        declared, decoded, reason = self._decoded("realized_returns", part)
        if part is None or not isinstance(decoded, RealizedReturns):
            return ReturnsInput(declared, reason=reason)
        coverage = covered_share(weights, decoded.ids) if decoded.ids else 1.0
        dates = dates_of(decoded)
        book, reason = book_returns(decoded, weights)
        if dates is not None and dates[-1] > as_of:
            book, reason = None, "returns_after_as_of"
        declared = _covering(declared, coverage).model_copy(
            update={"observations": _observations(decoded, weights)}
        )
        return ReturnsInput(declared, decoded, book, reason, self.since(part) if dates is None else None)

    def _decoded(self, kind: BlobKind, part: Part | None) -> tuple[RiskInput, Decoded | None, str | None]:
        """Return a part's declaration and its content, or the reason why it cannot be read."""
        if part is None:
            return _declared(kind, "absent", None), None, f"{kind}_absent"
        declared = _declared(kind, "inline" if part.ref is None else "ref", part.sha256)
        try:
            decoded = decode(verified_bytes(part, self.blobs))
        except BlobError:
            return declared, None, "blob_unavailable"
        except BlobFormatError:
            return declared, None, "blob_malformed"
        return (declared, decoded, None) if decoded.kind == kind else (declared, None, "blob_malformed")


def _observations(returns: RealizedReturns, weights: dict[str, float]) -> int:
    """Return the least number of returns among the held assets, 0 if no held asset has a series."""
    if not returns.ids:
        return returns.lengths[0]
    lengths = zip(returns.ids, returns.lengths, strict=True)
    return min((length for asset, length in lengths if asset in weights), default=0)


def _covering(declared: RiskInput, coverage: float) -> RiskInput:
    """Return an input's declaration with the share of the book that it covers."""
    return declared.model_copy(update={"coverage": coverage})


def _declared(kind: BlobKind, source: InputSource, sha256: str | None) -> RiskInput:
    return RiskInput(kind=kind, source=source, sha256=sha256, coverage=None, observations=None)
