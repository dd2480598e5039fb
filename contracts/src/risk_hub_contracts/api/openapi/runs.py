"""Operations that read evaluation runs."""

from typing import Final

from risk_hub_contracts.api.openapi.operations import Answer, Operation
from risk_hub_contracts.api.run_queries import OneRunQuery, RunHistoryQuery, RunsQuery
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.run_answers import EvaluationRunHistory, EvaluationRunPage

RUNS: Final = (
    Operation(
        "list_runs",
        "The evaluation runs of a world, in the order of their creation",
        (Answer(200, EvaluationRunPage, "One page."),),
        (p.CURSOR_INVALID,),
        description="A run is listed at most some seconds after it was stored. A later item moves no run.",
        query=RunsQuery,
    ),
    Operation(
        "read_run",
        "The current record of one evaluation run",
        (Answer(200, EvaluationRun, "The record, as its verified chain of items gives it."),),
        (p.RUN_NOT_FOUND, p.DOCUMENT_UNAVAILABLE),
        query=OneRunQuery,
    ),
    Operation(
        "read_run_history",
        "The items of one evaluation run, in their order",
        (Answer(200, EvaluationRunHistory, "One page."),),
        (p.RUN_NOT_FOUND, p.CURSOR_INVALID, p.DOCUMENT_UNAVAILABLE),
        description="Each item is compared with its digest; a page with a damaged item is 424.",
        query=RunHistoryQuery,
    ),
)
