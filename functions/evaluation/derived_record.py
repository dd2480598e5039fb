"""Reports and signals derived from a snapshot, as the evaluation store keeps them: each stored once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal

from typing_extensions import TypeVar

from functions.hub.domain.releases import UNKNOWN_MEMBERS
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

Kind = Literal["risk", "stress", "exit"]
ReportKind = Literal["risk", "stress"]
Report = RiskReport | StressReport | ExitSignal
REPORT_KINDS: tuple[ReportKind, ...] = ("risk", "stress")
MODELS: Mapping[Kind, type[Report]] = {"risk": RiskReport, "stress": StressReport, "exit": ExitSignal}
KINDS: Mapping[type[Any], Kind] = {model: kind for kind, model in MODELS.items()}
SEPARATOR = "/"

ReportT = TypeVar("ReportT", bound=Report, default=RiskReport)


@dataclass(frozen=True, slots=True)
class DerivedRecord(Generic[ReportT]):
    """One append-only record that was derived from a snapshot: a report or an exit signal.

    Attributes:
        report: the derived report or signal; its type decides the record's kind.
        correlation_id: the request that the snapshot came with.
        causation_id: the event on which it was derived.
        trace_header: the X-Ray header of that request.
        is_latest: whether the snapshot was its world's and stage's newest, according to the event; None if
            unknown.
        history: whether the snapshot was past and evaluated on purpose; it causes no signal (INV-15).
        replay: whether an operator requested the announcement that led to it; it causes no signal (INV-15).
    """

    report: ReportT
    correlation_id: str | None = None
    causation_id: str | None = None
    trace_header: str | None = None
    is_latest: bool | None = None
    history: bool = False
    replay: bool = False

    @property
    def kind(self) -> Kind:
        """Return the kind of record, which begins its key."""
        return KINDS[type(self.report)]

    @property
    def evaluation_id(self) -> str:
        """Return the record's key within its world, built from the fields that identify it (INV-05)."""
        return SEPARATOR.join((self.kind, *_identifying_fields(self.report)))

    def document(self) -> dict[str, Any]:
        """Return the report, JSON-ready."""
        return self.report.model_dump(mode="json")


AnyDerivedRecord = DerivedRecord[Any]
"""A record of any kind."""


def parse_record(evaluation_id: str, document: Mapping[str, Any], **origin: Any) -> AnyDerivedRecord:  # noqa: ANN401
    """Return the record that was stored under a key.

    Args:
        evaluation_id: the key.
        document: the report.
        **origin: the record's other attributes by their names.

    Raises:
        ValueError: the key has no known kind, or the document is not of that kind.
    """
    kind = evaluation_id.partition(SEPARATOR)[0]
    model = {str(known): each for known, each in MODELS.items()}.get(kind)
    if model is None:
        raise ValueError(
            f"evaluation {evaluation_id!r} has an unknown kind; known kinds are {', '.join(MODELS)}"
        )
    return DerivedRecord(model.model_validate(document, extra=UNKNOWN_MEMBERS), **origin)


def report_prefix(kind: ReportKind, version: str) -> str:
    """Return the common key prefix of all reports of one kind on a version; a version has no slash."""
    return SEPARATOR.join((kind, version, ""))


def engine_order(evaluation_id: str) -> tuple[list[int], bool]:
    """Return the sort key of one kind's reports on a snapshot version: the newest engine has the greatest.

    Engine versions compare as numbers (`10.0.0` is newer than `2.0.0`); a version with a suffix
    (`2.0.0-beta`) comes before the one without.
    """
    version, suffixed, _ = evaluation_id.rpartition(SEPARATOR)[2].partition("-")
    return [int(part) for part in version.split(".") if part.isdecimal()], not suffixed


def _identifying_fields(report: Report) -> tuple[str, ...]:
    if isinstance(report, ExitSignal):
        # The first signal of a window has the key of release 1.0.
        further = () if report.sequence == 1 else (str(report.sequence),)
        return (report.stage, report.strategy, report.rule, report.window, *further)
    return (report.version, report.engine_version)
