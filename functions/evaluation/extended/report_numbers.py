"""Numbers of a report by the paths that the rules of a policy name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from events.envelope import CloudEvent
from events.evaluated import RISK_EVALUATED, STRESS_EVALUATED
from functions.evaluation.derived_record import KINDS, SEPARATOR
from functions.hub.domain.releases import UNKNOWN_MEMBERS
from risk_hub_contracts.base.limits import NUMBER_MAX_ABS
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport
from risk_hub_contracts.runs.metric_blocks import MetricBlocks

Numbers = Mapping[str, float]
CONFIDENCE_BPS: Final = 9_900
VAR_PATH: Final = "risk.var_99"
ES_PATH: Final = "risk.es_99"
_MODELS: Final[Mapping[str, type[RiskReport | StressReport]]] = {
    RISK_EVALUATED: RiskReport,
    STRESS_EVALUATED: StressReport,
}


class NotAReportError(ValueError):
    """The event announces no report of a risk or stress engine."""


@dataclass(frozen=True, slots=True)
class AnnouncedReport:
    """A report, by the members that extended validation needs.

    Attributes:
        key: the key of the report among those of its world: kind, snapshot version, engine version.
        numbers: its numbers by path; a number that it does not have is left out.
    """

    kind: str
    key: str
    world_id: str
    version: str
    content_hash: str
    numbers: Numbers


def announced_report(event: CloudEvent) -> AnnouncedReport:
    """Return the report that an event announces.

    Raises:
        NotAReportError: the event is of another type.
        ValidationError: its data is not a report.
    """
    model = _MODELS.get(event.type)
    if model is None:
        raise NotAReportError(f"{event.type} announces no report; the rule of the queue must not match it")
    return numbers_of(model.model_validate(event.data, extra=UNKNOWN_MEMBERS))


def numbers_of(report: RiskReport | StressReport) -> AnnouncedReport:
    """Return a report with its numbers by path."""
    kind = KINDS[type(report)]
    found = _risk_numbers(report) if isinstance(report, RiskReport) else _stress_numbers(report)
    return AnnouncedReport(
        kind=kind,
        key=SEPARATOR.join((kind, report.version, report.engine_version)),
        world_id=report.world_id,
        version=report.version,
        content_hash=report.content_hash,
        numbers=dict(found),
    )


def _risk_numbers(report: RiskReport) -> Iterator[tuple[str, float]]:
    """Yield VaR and ES at 99 % of the book: of the first method whose tail has enough observations.

    The rows of a report begin with its headline method. A report of an engine before 3.0 has no `tails`.
    """
    for row in report.tails:
        if row.confidence_bps != CONFIDENCE_BPS or not row.sufficient:
            continue
        if row.value_at_risk is not None and row.expected_shortfall is not None:
            yield VAR_PATH, row.value_at_risk
            yield ES_PATH, row.expected_shortfall
            return


def _stress_numbers(report: StressReport) -> Iterator[tuple[str, float]]:
    """Yield the metrics of each scenario; `loss` is the worst of the computed and the producer's own loss.

    A computed loss that does not cover the whole book is not a number of the scenario.
    """
    sent = {f"stress.{each.scenario}.{each.metric}": each.value for each in report.metrics}
    yield from sent.items()
    for loss in report.losses:
        if loss.value is not None:
            path = f"stress.{loss.scenario}.loss"
            yield path, max(loss.value, sent.get(path, loss.value))


def recorded_blocks(numbers: Numbers, paths: Iterable[str]) -> MetricBlocks:
    """Return the numbers at these paths as metric blocks.

    A number beyond NUMBER_MAX_ABS is left out: an item cannot hold it, but its rule result states it.
    """
    blocks: dict[str, dict[str, Any]] = {}
    for path in sorted(set(paths)):
        value = numbers.get(path)
        if value is None or not abs(value) <= NUMBER_MAX_ABS:
            continue
        block, _, rest = path.partition(".")
        names, _, leaf = rest.rpartition(".")
        tree = blocks.setdefault(block, {})
        (tree.setdefault(names, {}) if names else tree)[leaf] = float(value)
    return MetricBlocks.model_validate(blocks)
