"""The reader's routes for data derived from snapshots: risk reports, stress reports, exit signals."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.query_parameters import parse_query_parameters
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import Response, json_response, settled_header
from functions.entrypoints.http.router import RequestHandler, Router
from functions.evaluation.derived_record import ReportKind
from functions.evaluation.exits.list_exit_signals import ListExitSignals
from functions.evaluation.ports import StoredReport
from functions.evaluation.read_reports import ReadReports
from functions.hub.domain.past_snapshots import EVALUATION_SETTLE
from functions.hub.use_cases.read_snapshots import FoundSnapshot, ReadSnapshots
from risk_hub_contracts.api.queries import LatestReportQuery, SignalsQuery
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.problems import ProblemError

EVALUATED_AS = "Risk-Hub-Evaluated-As"


@dataclass(frozen=True, slots=True)
class ReportRoutes:
    """One method per kind of route; each checks the token, reads the query, calls a use case and answers."""

    read: ReadSnapshots
    read_reports: ReadReports
    list_signals: ListExitSignals
    authenticator: Authenticator

    def of_latest(self, kind: ReportKind) -> RequestHandler:
        """Return the handler of GET …/snapshots/latest/{kind}: the report on the latest snapshot."""

        def answer(request: Request, path: Mapping[str, str]) -> Response:
            world_id = self._authorize(request, path)
            found = self.read.latest(world_id, parse_query_parameters(LatestReportQuery, request))
            return _answer(self._of_found(kind, found), found.moment.settled(EVALUATION_SETTLE))

        return answer

    def of_version(self, kind: ReportKind) -> RequestHandler:
        """Return the handler of GET …/snapshots/{version}/{kind}: the report on one version."""

        def answer(request: Request, path: Mapping[str, str]) -> Response:
            world_id = self._authorize(request, path)
            version = check_id(path_value(path["version"]), "/version")
            request.require_no_query()
            return _answer(self.read_reports.of_version(kind, world_id, version), None)

        return answer

    def exit_signals(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answer GET …/exit-signals with a page of signals."""
        world_id = self._authorize(request, path)
        found = self.list_signals(world_id, parse_query_parameters(SignalsQuery, request))
        return json_response(200, {"signals": list(found.signals), "next_cursor": found.next_cursor})

    def _of_found(self, kind: ReportKind, found: FoundSnapshot) -> StoredReport:
        try:
            return self.read_reports.of_snapshot(kind, found.stored, found.moment.known_at)
        except ProblemError as error:
            raise found.moment.mark_settled(error, EVALUATION_SETTLE) from None

    def _authorize(self, request: Request, path: Mapping[str, str]) -> str:
        self.authenticator.require_token(request, "snapshots:read")
        return check_id(path_value(path["world_id"]), "/world_id")


def report_routes(
    router: Router,
    read: ReadSnapshots,
    read_reports: ReadReports,
    list_signals: ListExitSignals,
    authenticator: Authenticator,
) -> Router:
    """Add the routes of reports and exit signals. `latest` comes first: it is never a version in a path."""
    routes = ReportRoutes(read, read_reports, list_signals, authenticator)
    router.add("read_latest_risk", routes.of_latest("risk"))
    router.add("read_risk", routes.of_version("risk"))
    router.add("read_latest_stress", routes.of_latest("stress"))
    router.add("read_stress", routes.of_version("stress"))
    router.add("list_exit_signals", routes.exit_signals)
    return router


def _answer(found: StoredReport, settled: bool | None) -> Response:  # noqa: FBT001 - a header's value
    evaluated_as = {EVALUATED_AS: "history" if found.history else "current"}
    return json_response(200, found.document, {**evaluated_as, **settled_header(settled)})
