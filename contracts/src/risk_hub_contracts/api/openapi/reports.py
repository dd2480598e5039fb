"""Operations that read results derived from snapshots: risk and stress reports, back-tests, exit signals."""

from typing import Final

from risk_hub_contracts.api.openapi.operations import Answer, Operation
from risk_hub_contracts.api.openapi.snapshots import NO_SNAPSHOT
from risk_hub_contracts.api.queries import BacktestQuery, LatestReportQuery, SignalsQuery
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.reports.backtest import BacktestReport
from risk_hub_contracts.reports.exit_signal import ExitSignalPage
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

_EVALUATED_AS: Final = "Risk-Hub-Evaluated-As"
_SETTLED: Final = "Risk-Hub-Settled"
_LATEST: Final = (
    "`latest` in this path always means the newest snapshot, even if a version has that name. The report's "
    "`version` says which one it is. With `known_at`, only reports evaluated by then count."
)
_SIGNALS: Final = (
    "Ordered by `emitted_at`. A new signal appears within about one second. A page of one stage may hold "
    "fewer signals than `limit` and still have a `next_cursor`."
)
_DERIVED: Final = (p.WILL_NOT_BE_EVALUATED, p.DOCUMENT_UNAVAILABLE)
_OF_VERSION: Final = (*_DERIVED, p.SNAPSHOT_NOT_FOUND, p.WORLD_UNKNOWN)
_OF_LATEST: Final = (*_DERIVED, *NO_SNAPSHOT)

REPORTS: Final = (
    Operation(
        "read_risk",
        "The risk numbers of one snapshot",
        (Answer(200, RiskReport, "The report.", (_EVALUATED_AS,)),),
        (*_OF_VERSION, p.RISK_NOT_FOUND),
    ),
    Operation(
        "read_stress",
        "The stress losses of one snapshot",
        (Answer(200, StressReport, "The report.", (_EVALUATED_AS,)),),
        (*_OF_VERSION, p.STRESS_NOT_FOUND),
    ),
    Operation(
        "read_latest_risk",
        "The risk numbers of the newest snapshot",
        (Answer(200, RiskReport, "The report.", (_EVALUATED_AS, _SETTLED)),),
        (*_OF_LATEST, p.RISK_NOT_FOUND),
        description=_LATEST,
        query=LatestReportQuery,
        answers_first=True,
    ),
    Operation(
        "read_latest_stress",
        "The stress losses of the newest snapshot",
        (Answer(200, StressReport, "The report.", (_EVALUATED_AS, _SETTLED)),),
        (*_OF_LATEST, p.STRESS_NOT_FOUND),
        description=_LATEST,
        query=LatestReportQuery,
        answers_first=True,
    ),
    Operation(
        "list_exit_signals",
        "A world's exit signals in pages, newest first",
        (Answer(200, ExitSignalPage, "One page."),),
        (p.CURSOR_INVALID,),
        description=_SIGNALS,
        query=SignalsQuery,
    ),
    Operation(
        "backtest_risk",
        "Forecast risk compared with realised returns: the tests of Kupiec, Christoffersen and Basel",
        (Answer(200, BacktestReport, "The back-test."),),
        (p.WORLD_UNKNOWN, p.FORECAST_NOT_STORED, p.DOCUMENT_UNAVAILABLE),
        query=BacktestQuery,
    ),
)
