"""Load a snapshot's inputs, verified (INV-06), and compare them with the book."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date

from functions.evaluation.risk.inputs import (
    CovarianceInput,
    ReturnsInput,
    covered_share,
    nonzero_weights,
)
from functions.evaluation.risk.missing import estimate
from functions.evaluation.risk.repair import repaired_input
from functions.evaluation.risk.report import Inputs
from functions.evaluation.worker_steps import verified_bytes
from functions.hub.ports import BlobError, BlobStore
from functions.measures.covariance.choose_form import choose_form
from functions.measures.covariance.form import NOT_PSD, CovarianceForm, Verdict
from functions.measures.returns import book_returns
from functions.measures.returns_table import ReturnsTable, complete_cases, returns_table
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import BlobFormatError, BlobKind, Covariance, Decoded, RealizedReturns
from risk_hub_contracts.reports.risk import InputSource, RiskInput
from risk_hub_contracts.snapshot.facts import RiskOptions
from risk_hub_contracts.snapshot.parse import Component, Snapshot

VerdictLookup = Callable[[Component, CovarianceForm], tuple[Verdict, str | None]]
"""Returns the verdict on a covariance, and the first `as_of` that used its bytes."""
FirstUseLookup = Callable[[Component], str | None]
"""Returns the first `as_of` that used the bytes of undated returns."""


@dataclass(frozen=True, slots=True)
class LoadInputs:
    """Turns the components of a snapshot into inputs; a missing, broken or insufficient input has a reason."""

    blobs: BlobStore
    get_verdict: VerdictLookup
    first_use: FirstUseLookup

    def __call__(self, snapshot: Snapshot) -> Inputs:
        """Return the inputs.

        Raises:
            DependencyUnavailableError: a store did not answer.
        """
        weights = nonzero_weights(snapshot.weights)
        covariance = self._covariance(snapshot.component("covariance"), weights, snapshot.risk)
        as_of = snapshot.as_of.astimezone(UTC).date()
        returns = self._returns(snapshot.component("realized_returns"), weights, as_of)
        absent = covariance.reason == "covariance_absent"
        found = estimate(returns, weights, snapshot.risk.missing) if absent else None
        return Inputs(covariance, returns, found)

    def _covariance(
        self, component: Component | None, weights: dict[str, float], options: RiskOptions
    ) -> CovarianceInput:
        declared, decoded, reason = self._decoded("covariance", component)
        if component is None or not isinstance(decoded, Covariance):
            return CovarianceInput(declared, reason=reason)
        form = choose_form(decoded)
        verdict, first_use = self.get_verdict(component, form)
        coverage = covered_share(weights, decoded.ids)
        if coverage < 1:
            reason = "covariance_does_not_cover_weights"
        given = CovarianceInput(
            _with_coverage(declared, coverage),
            decoded.ids,
            form,
            verdict,
            verdict.reason or reason,
            known_since=first_use,
        )
        if verdict.reason != NOT_PSD.reason or options.covariance_repair is None:
            return given
        return repaired_input(given, decoded, weights, options, reason)

    def _returns(self, component: Component | None, weights: dict[str, float], as_of: date) -> ReturnsInput:
        declared, decoded, reason = self._decoded("realized_returns", component)
        if component is None or not isinstance(decoded, RealizedReturns):
            return ReturnsInput(declared, reason=reason)
        coverage = covered_share(weights, decoded.ids) if decoded.ids else 1.0
        given, unusable = returns_table(decoded)
        table = complete_cases(given, weights)
        # A book without positions needs no series.
        book, reason = book_returns(table, weights) if weights or not table.ids else (None, None)
        if unusable is not None:
            book, reason = None, unusable
        elif given.dates and given.dates[-1] > as_of:
            book, reason = None, "returns_after_as_of"
        declared = _with_coverage(declared, coverage).model_copy(
            update={"observations": _observations(table, weights)}
        )
        known_since = self.first_use(component) if decoded.dates is None else None
        return ReturnsInput(declared, table, book, reason, known_since, given)

    def _decoded(
        self, kind: BlobKind, component: Component | None
    ) -> tuple[RiskInput, Decoded | None, str | None]:
        """Return a component's declaration and its content, or the reason why it cannot be read."""
        if component is None:
            return _input_declaration(kind, "absent", None), None, f"{kind}_absent"
        declared = _input_declaration(kind, "inline" if component.ref is None else "ref", component.sha256)
        try:
            decoded = decode(verified_bytes(component, self.blobs))
        except BlobError:
            return declared, None, "blob_unavailable"
        except BlobFormatError:
            return declared, None, "blob_malformed"
        return (declared, decoded, None) if decoded.kind == kind else (declared, None, "blob_malformed")


def _observations(returns: ReturnsTable, weights: dict[str, float]) -> int:
    """Return the least number of returns among the held assets, 0 if no held asset has a series."""
    return min(map(len, returns.of_assets(weights)), default=0)


def _with_coverage(declared: RiskInput, coverage: float) -> RiskInput:
    """Return an input's declaration with the share of the book that it covers."""
    return declared.model_copy(update={"coverage": coverage})


def _input_declaration(kind: BlobKind, source: InputSource, sha256: str | None) -> RiskInput:
    return RiskInput(kind=kind, source=source, sha256=sha256, coverage=None, observations=None)
