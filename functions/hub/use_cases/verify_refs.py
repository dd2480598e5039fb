"""Verify a snapshot's blobs before it is stored: size, digest, kind, header, and coverage of the book."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.hub.ports import BlobError, BlobHead, BlobStore
from functions.hub.use_cases.upload_blobs import DAMAGED_REMEDY
from risk_hub_contracts.base.limits import BLOB_HEADERS_CHECKED_MAX_BYTES
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import (
    BLOB_MALFORMED,
    CONTRACT_VIOLATION,
    REF_INVALID,
    ProblemError,
    ProblemType,
    Violation,
    summary,
)
from risk_hub_contracts.blob.read import decode, says_kind
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobFormatError, BlobKind, Covariance, Decoded, Stress
from risk_hub_contracts.snapshot.blob_content import check_header, check_numbers
from risk_hub_contracts.snapshot.covariance import coverage_violations
from risk_hub_contracts.snapshot.fact_rules import shock_violations
from risk_hub_contracts.snapshot.parse import Component, Snapshot
from risk_hub_contracts.snapshot.request import REF_FIELDS

UPLOAD_REMEDY = "Upload the blob, then send the snapshot again; nothing was stored."
MISMATCH_REMEDY = "Send the reference that the upload returned, in the field of its kind; nothing was stored."


@dataclass(frozen=True, slots=True)
class VerifyRefs:
    """Read the first line of each referenced blob: one call to the blob store, two for a very long line.

    A blob that fits in the first read is checked whole. The numbers of a larger one are checked on loading.
    """

    blobs: BlobStore

    def __call__(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with its references completed by the sizes of their blobs.

        Raises:
            ProblemError: `ref-invalid` if a blob is missing, unreadable or differs from its reference,
                `blob-malformed` if it is not in the rsh1 format, `contract-violation` if a covariance leaves
                a weight uncovered or a shock takes more than an asset's whole value.
            DependencyUnavailableError: the blob store did not answer.
        """
        remaining_bytes = BLOB_HEADERS_CHECKED_MAX_BYTES
        refs: dict[BlobKind, BlobRef] = {}
        violations: list[Violation] = []
        for component, ref in _referenced_components(snapshot):
            head = _require_match(component, ref, self._head(component, ref, max(remaining_bytes, 1)))
            decoded, header_bytes = _decode_head(component, head, remaining_bytes)
            remaining_bytes -= header_bytes
            violations += _content_violations(decoded, snapshot)
            refs[component.kind] = ref.model_copy(update={"bytes": head.size_bytes})
        if violations:
            raise ProblemError(CONTRACT_VIOLATION, summary(violations, "The body"), violations)
        return snapshot.with_refs(refs) if refs else snapshot

    def _head(self, component: Component, ref: BlobRef, max_bytes: int) -> BlobHead | None:
        try:
            return self.blobs.head(ref, max_bytes)
        except BlobError as error:
            raise _problem(REF_INVALID, component, error.reason) from error


def _content_violations(decoded: Decoded, snapshot: Snapshot) -> Iterator[Violation]:
    """Yield the violations between a component's first line and the book."""
    at = f"/{REF_FIELDS[decoded.kind]}"
    if isinstance(decoded, Covariance):
        yield from coverage_violations(decoded.ids, snapshot.weights, at)
    elif isinstance(decoded, Stress):
        unlimited = snapshot.portfolio.unlimited_loss
        yield from shock_violations(decoded.scenarios, snapshot.weights, unlimited, at)


def _referenced_components(snapshot: Snapshot) -> Iterator[tuple[Component, BlobRef]]:
    return ((component, component.ref) for component in snapshot.components if component.ref is not None)


def _require_match(component: Component, ref: BlobRef, head: BlobHead | None) -> BlobHead:
    """Return the head of the blob if it is the one that the reference names, or refuse the reference."""
    if head is None:
        raise _problem(REF_INVALID, component, "no such blob in this hub; upload it first", UPLOAD_REMEDY)
    if head.sha256 not in {None, component.sha256}:
        raise _problem(
            REF_INVALID, component, f"the stored blob has the sha256 {head.sha256}", DAMAGED_REMEDY
        )
    reason = _mismatch(component, ref, head)
    if reason is not None:
        raise _problem(REF_INVALID, component, reason, MISMATCH_REMEDY)
    return head


def _mismatch(component: Component, ref: BlobRef, head: BlobHead) -> str | None:
    if ref.bytes not in {None, head.size_bytes}:
        return f"the stored blob has {counted(head.size_bytes, 'byte')}, not {ref.bytes}"
    if head.kind != component.kind and not says_kind(head.data, component.kind):
        return f"the stored blob is of kind {head.kind}, not {component.kind}"
    return None


def _decode_head(component: Component, head: BlobHead, max_header_bytes: int) -> tuple[Decoded, int]:
    """Return the blob's content and the size of its first line, or refuse the blob."""
    header_bytes = head.data.find(b"\n") + 1
    if not header_bytes and len(head.data) < head.size_bytes:
        raise _problem(
            BLOB_MALFORMED,
            component,
            f"the first line does not end within {max_header_bytes} bytes; the first lines of all blobs of a snapshot "
            f"may have at most {BLOB_HEADERS_CHECKED_MAX_BYTES} bytes together",
        )
    try:
        decoded = _decode_content(head, header_bytes)
        check_header(decoded)
    except BlobFormatError as error:
        raise _problem(BLOB_MALFORMED, component, str(error)) from error
    if decoded.kind != component.kind:
        raise _problem(
            BLOB_MALFORMED, component, f"the first line has kind {decoded.kind}, not {component.kind}"
        )
    return decoded, header_bytes


def _decode_content(head: BlobHead, header_bytes: int) -> Decoded:
    if len(head.data) < head.size_bytes:
        return decode(head.data[:header_bytes], head.size_bytes - header_bytes)
    decoded = decode(head.data)
    check_numbers(decoded)
    return decoded


def _problem(
    problem: ProblemType, component: Component, reason: str, remedy: str | None = None
) -> ProblemError:
    pointer = f"/{REF_FIELDS[component.kind]}"
    return ProblemError(problem, f"{pointer}: {reason}.", (Violation(pointer, reason),), remedy=remedy)
