"""Risk reports, stress reports and exit signals as steps; `reads` explains steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar, cast

from risk_hub_client.errors import HubError
from risk_hub_client.reads import (
    Filters,
    Instant,
    Steps,
    filter_params,
    instant_param,
    next_cursor,
    world_path,
)
from risk_hub_client.wire import Answer, Call
from risk_hub_contracts.base.limits import LIST_LIMIT_MAX
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

__all__ = ["ReportDocument", "SignalSpan", "latest_report", "report", "signals_page"]

ReportT = TypeVar("ReportT", bound=RiskReport | StressReport)
EvaluatedAs = Literal["current", "history"]
LATEST: Final = "latest"
_EVALUATED_AS: Final = "risk-hub-evaluated-as"
_OF_VERSION: Final[Mapping[type[Any], str]] = {RiskReport: "read_risk", StressReport: "read_stress"}
_OF_LATEST: Final[Mapping[type[Any], str]] = {
    RiskReport: "read_latest_risk",
    StressReport: "read_latest_stress",
}
# Members that a newer hub adds are left out of the model; the document has them.
_UNKNOWN: Final = "ignore"


class ReportDocument(dict[str, Any], Generic[ReportT]):
    """A report as the hub answers it: the JSON object, and the same content as a model in `report`.

    Attributes:
        evaluated_as: `history` if a past snapshot was evaluated explicitly, otherwise `current`.
    """

    def __init__(self, model: type[ReportT], document: Mapping[str, Any], evaluated_as: EvaluatedAs) -> None:
        super().__init__(document)
        self._model, self.evaluated_as = model, evaluated_as

    @property
    def report(self) -> ReportT:
        """The report as a model; members that this package does not know are left out.

        Raises:
            ValidationError: the answer is not a report.
        """
        return cast("ReportT", self._model.model_validate(dict(self), extra=_UNKNOWN))


@dataclass(frozen=True, slots=True)
class SignalSpan:
    """Selection of signals to list: inclusive bounds of `emitted_at`, stage and order."""

    start: Instant | None = None
    end: Instant | None = None
    stage: str | None = None
    order: Literal["asc", "desc"] = "desc"

    def params(self) -> dict[str, str | None]:
        """Return the query parameters."""
        bounds = {"from": instant_param(self.start, "start"), "to": instant_param(self.end, "end")}
        return {**bounds, "stage": self.stage, "order": self.order, "limit": str(LIST_LIMIT_MAX)}


def report(model: type[ReportT], world_id: str, version: str) -> Steps[ReportDocument[ReportT]]:
    """Request the report on a version.

    Raises:
        HubError: the hub answered with the report on another version.
    """
    answer = yield Call("GET", world_path(_OF_VERSION[model], world_id, version=version))
    found = _read(model, answer)
    if found.get("version") != version:
        reason = f"the hub answered with the report on version {found.get('version')!r}, not {version!r}"
        known = "; in this path `latest` names the newest snapshot" if version == LATEST else ""
        raise HubError(reason + known, answer.request_id)
    return found


def latest_report(model: type[ReportT], world_id: str, filters: Filters) -> Steps[ReportDocument[ReportT]]:
    """Request the report on the newest snapshot that has not expired."""
    path = world_path(_OF_LATEST[model], world_id)
    answer = yield Call("GET", path, params=filter_params(filters))
    return _read(model, answer)


def signals_page(
    world_id: str, span: SignalSpan, cursor: str | None
) -> Steps[tuple[list[ExitSignal], str | None]]:
    """Request one page of a world's exit signals; return them, and the cursor of the next page."""
    params = {**span.params(), "cursor": cursor}
    answer: Answer = yield Call("GET", world_path("list_exit_signals", world_id), params=params)
    signals, following = answer.read(_parse_page)
    return signals, next_cursor(cursor, following, answer)


def _read(model: type[ReportT], answer: Answer) -> ReportDocument[ReportT]:
    evaluated_as = answer.headers.get(_EVALUATED_AS)
    return ReportDocument(model, answer.mapping(), "history" if evaluated_as == "history" else "current")


def _parse_page(document: Any) -> tuple[list[ExitSignal], object]:  # noqa: ANN401 - any JSON
    signals = [ExitSignal.model_validate(each, extra=_UNKNOWN) for each in document["signals"]]
    return signals, document["next_cursor"]
