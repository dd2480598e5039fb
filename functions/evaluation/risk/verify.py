"""Recompute a stored report from its inputs, and compare bit for bit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from functions.evaluation.derived_record import report_prefix
from functions.evaluation.ports import StoredRecords
from functions.evaluation.risk.load import LoadInputs
from functions.evaluation.risk.receipt import EARLIER_ENGINE_VERSIONS, ENGINE_VERSION, policy_of
from functions.evaluation.risk.report import risk_report
from functions.hub.ports import BlobStore, SnapshotStore
from functions.measures.covariance.form import CovarianceForm, Verdict
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.reports.receipt import NOT_HASHED, hashed_members, result_hash
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.snapshot.parse import Component, Snapshot

DIFFERENCES_MAX_COUNT = 50
_ABSENT = object()


class VerificationOutcome(StrEnum):
    """Result of computing a stored report again."""

    EQUAL = "equal"
    DIFFERS = "differs"
    UNVERIFIABLE = "unverifiable"


class NothingToVerifyError(LookupError):
    """No such snapshot, or no report on it that this engine can recompute."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place (RFC 6901) where the stored and the recomputed report differ."""

    pointer: str
    stored: Any
    recomputed: Any


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome for one snapshot.

    Attributes:
        stored_hash: `result_hash` in the stored receipt.
        recomputed_hash: the same hash over the recomputed report.
        intact: whether the stored report matches the hash in its own receipt.
        equal: whether both hashes are the same and the report is intact.
        outcome: `unverifiable` if an intact report cannot be compared, because other blobs are readable now.
        blobs_gone: SHA-256 of blobs that were read for the report and are missing or different now.
        blobs_back: SHA-256 of blobs that were unreadable for the report and are readable now.
        differences: at most 50 of the places that differ.
        not_hashed: parts of a report outside the hash, which are not verified.
    """

    world_id: str
    version: str
    engine_version: str
    stored_hash: str
    recomputed_hash: str
    intact: bool
    equal: bool
    outcome: VerificationOutcome
    blobs_gone: list[str]
    blobs_back: list[str]
    differences: list[Difference] = field(default_factory=list)
    not_hashed: tuple[str, ...] = NOT_HASHED


@dataclass(frozen=True, slots=True)
class VerifyRisk:
    """Recomputes from the snapshot and its blobs; takes only the parameters from the report.

    No cached note is used: the covariance is judged again. Results that depend on more than the snapshot,
    such as an age since first use, are outside the hash and not compared.
    """

    snapshots: SnapshotStore
    blobs: BlobStore
    records: StoredRecords

    def __call__(self, world_id: str, version: str) -> Verification:
        """Compare the stored report of this engine's version with a recomputed one.

        Raises:
            NothingToVerifyError: no such snapshot, or no report on it by this engine.
            DependencyUnavailableError: a store did not answer.
        """
        snapshot = self.snapshots.get(world_id, version)
        if snapshot is None:
            raise NothingToVerifyError(f"world {world_id!r} has no version {version!r}")
        report = self._report(world_id, version)
        recomputed = self._recompute(Snapshot.from_document(snapshot.document, snapshot.content_hash), report)
        old, new = _stored_members(report), recomputed.model_dump(mode="json")
        return Verification(world_id, version, ENGINE_VERSION, **_compare(old, new))

    def _report(self, world_id: str, version: str) -> RiskReport:
        record = self.records.get(world_id, report_prefix("risk", version) + ENGINE_VERSION)
        if record is None:
            raise NothingToVerifyError(self._why_no_report(world_id, version))
        report: RiskReport = record.report
        if report.receipt is None:
            raise NothingToVerifyError(
                f"the report on version {version!r} of world {world_id!r} has no receipt"
            )
        return report

    def _why_no_report(self, world_id: str, version: str) -> str:
        """Return the refusal: what is stored instead, why it cannot be recomputed, and what to do."""
        place = f"version {version!r} of world {world_id!r}"
        keys = {earlier: report_prefix("risk", version) + earlier for earlier in EARLIER_ENGINE_VERSIONS}
        found = {earlier: self.records.get(world_id, key) for earlier, key in keys.items()}
        stored = [_described(record.report) for record in found.values() if record is not None]
        if not stored:
            return f"{place} has no risk report: evaluate it first (risk-hub risk evaluate)"
        return (
            f"{place} has no report by engine {ENGINE_VERSION}, only by {' and '.join(stored)}. An engine recomputes "
            "only its own reports, because later ones define some numbers differently. Verify with the release that "
            f"has the stored engine, or evaluate the version again (risk-hub risk evaluate) and verify the report "
            f"by engine {ENGINE_VERSION}"
        )

    def _recompute(self, snapshot: Snapshot, report: RiskReport) -> RiskReport:
        if report.receipt is None:
            raise ValueError("a report without a receipt cannot be recomputed")
        inputs = LoadInputs(self.blobs, _verdict_without_cache, _no_first_use)(snapshot)
        policy = policy_of(report.receipt.parameters)
        return risk_report(snapshot, inputs, policy, parse_instant(report.evaluated_at))


def _stored_members(report: RiskReport) -> dict[str, Any]:
    """Return a stored report without members that were added after it was stored: its hash does not cover them."""
    return report.model_dump(mode="json", exclude_unset=True)


def _described(report: RiskReport) -> str:
    """Return the engine of an earlier report, and whether the report still has the hash in its receipt."""
    if report.receipt is None:
        return f"engine {report.engine_version} (without a receipt)"
    intact = result_hash(_stored_members(report)) == report.receipt.result_hash
    return f"engine {report.engine_version} ({'intact' if intact else 'changed since: its hash differs'})"


def _compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a verification that are computed from both reports."""
    hashes = old["receipt"]["result_hash"], new["receipt"]["result_hash"]
    intact = result_hash(old) == hashes[0]
    equal = intact and hashes[0] == hashes[1]
    then, now = _unreadable(old), _unreadable(new)
    return {
        "stored_hash": hashes[0],
        "recomputed_hash": hashes[1],
        "intact": intact,
        "equal": equal,
        "outcome": _outcome(equal=equal, inputs_differ=intact and then != now),
        "blobs_gone": [sha256 for sha256 in now if sha256 not in then],
        "blobs_back": [sha256 for sha256 in then if sha256 not in now],
        "differences": list(
            islice(_differences(hashed_members(old), hashed_members(new), ""), DIFFERENCES_MAX_COUNT)
        ),
    }


def _outcome(*, equal: bool, inputs_differ: bool) -> VerificationOutcome:
    if equal:
        return VerificationOutcome.EQUAL
    return VerificationOutcome.UNVERIFIABLE if inputs_differ else VerificationOutcome.DIFFERS


def _unreadable(report: Mapping[str, Any]) -> list[str]:
    """Return the digests of the inputs whose blob could not be read."""
    kinds = {
        given["kind"] for given in report["sufficiency"]["inputs"] if given["reason"] == "blob_unavailable"
    }
    return [given["sha256"] for given in report["inputs"] if given["kind"] in kinds]


def _verdict_without_cache(_component: Component, form: CovarianceForm) -> tuple[Verdict, str | None]:
    return form.verdict(), None


def _no_first_use(_component: Component) -> str | None:
    return None


def _differences(stored: Any, recomputed: Any, pointer: str) -> Iterator[Difference]:  # noqa: ANN401 - JSON values
    if isinstance(stored, Mapping) and isinstance(recomputed, Mapping):
        for name in sorted({*stored, *recomputed}):
            child = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _differences(stored.get(name, _ABSENT), recomputed.get(name, _ABSENT), child)
    elif isinstance(stored, list) and isinstance(recomputed, list) and len(stored) == len(recomputed):
        for index, (first, second) in enumerate(zip(stored, recomputed, strict=True)):
            yield from _differences(first, second, f"{pointer}/{index}")
    elif stored is _ABSENT or recomputed is _ABSENT or stored != recomputed:
        yield Difference(pointer, _json_value(stored), _json_value(recomputed))


def _json_value(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    return None if value is _ABSENT else value
