"""Operations that read results derived from snapshots: risk and stress reports, back-tests, exit signals."""

from collections.abc import Sequence
from typing import Final

from risk_hub_contracts.api.openapi.builders import Json, answer, path_parameter, problems, query_parameters
from risk_hub_contracts.api.queries import BacktestQuery, LatestReportQuery, SignalsQuery
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.base.problems import ProblemType

_WORLD: Final = "/risk-hub/worlds/{world_id}"
_EVALUATED_AS_HEADER: Final = "Risk-Hub-Evaluated-As"
_SETTLED: Final = "Risk-Hub-Settled"
_LATEST: Final = (
    "`latest` in this path always means the newest snapshot, even if a version has that name. The report's "
    "`version` says which one it is. With `known_at`, only reports evaluated by then count."
)
_SIGNALS: Final = (
    "Ordered by `emitted_at`. A new signal appears within about one second. A page of one stage may hold "
    "fewer signals than `limit` and still have a `next_cursor`."
)


def report_paths(world: Json, read: Sequence[ProblemType], no_snapshot: Sequence[ProblemType]) -> Json:
    """Return the paths of reports, back-tests and exit signals.

    Args:
        world: the path parameter of the world.
        read: the problems that every read of a world may answer.
        no_snapshot: the problems of a query that no snapshot matches.
    """
    version = path_parameter("version", "The version.")
    derived = [*read, p.INVALID_QUERY, p.WILL_NOT_BE_EVALUATED, p.DOCUMENT_UNAVAILABLE]
    of_version = [*derived, p.SNAPSHOT_NOT_FOUND, p.WORLD_UNKNOWN]
    of_latest = [*derived, *no_snapshot]
    return {
        f"{_WORLD}/snapshots/{{version}}/risk": {
            "parameters": [world, version],
            "get": _risk("read_risk", "The risk numbers of one snapshot", of_version),
        },
        f"{_WORLD}/snapshots/{{version}}/stress": {
            "parameters": [world, version],
            "get": _stress("read_stress", "The stress losses of one snapshot", of_version),
        },
        f"{_WORLD}/snapshots/latest/risk": {
            "parameters": [world],
            "get": _risk("read_latest_risk", "The risk numbers of the newest snapshot", of_latest, _SETTLED)
            | _of_latest(),
        },
        f"{_WORLD}/snapshots/latest/stress": {
            "parameters": [world],
            "get": _stress(
                "read_latest_stress", "The stress losses of the newest snapshot", of_latest, _SETTLED
            )
            | _of_latest(),
        },
        f"{_WORLD}/exit-signals": {"parameters": [world], "get": _signals(read)},
        f"{_WORLD}/risk/backtest": {"parameters": [world], "get": _backtest(read)},
    }


def _risk(operation_id: str, summary: str, types: Sequence[ProblemType], *headers: str) -> Json:
    responses = {"200": answer("RiskReport", "The report.", _EVALUATED_AS_HEADER, *headers)} | problems(
        (*types, p.RISK_NOT_FOUND)
    )
    return {"operationId": operation_id, "summary": summary, "responses": responses}


def _stress(operation_id: str, summary: str, types: Sequence[ProblemType], *headers: str) -> Json:
    responses = {"200": answer("StressReport", "The report.", _EVALUATED_AS_HEADER, *headers)} | problems(
        (*types, p.STRESS_NOT_FOUND)
    )
    return {"operationId": operation_id, "summary": summary, "responses": responses}


def _of_latest() -> Json:
    return {"description": _LATEST, "parameters": query_parameters(LatestReportQuery)}


def _signals(read: Sequence[ProblemType]) -> Json:
    responses = {"200": answer("ExitSignalPage", "One page.")}
    return {
        "operationId": "list_exit_signals",
        "summary": "A world's exit signals in pages, newest first",
        "description": _SIGNALS,
        "parameters": query_parameters(SignalsQuery),
        "responses": responses | problems((*read, p.INVALID_QUERY, p.CURSOR_INVALID)),
    }


def _backtest(read: Sequence[ProblemType]) -> Json:
    responses = {"200": answer("BacktestReport", "The back-test.")}
    return {
        "operationId": "backtest_risk",
        "summary": "Forecast risk compared with realised returns: the tests of Kupiec, Christoffersen and Basel",
        "parameters": query_parameters(BacktestQuery),
        "responses": responses | problems((*read, p.INVALID_QUERY, p.WORLD_UNKNOWN, p.DOCUMENT_UNAVAILABLE)),
    }
