"""Evaluation runs as steps: lists, the record of one run, and its history."""

from typing import Any, Final, Literal, NamedTuple, TypedDict

from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.labels import require_text
from risk_hub_client.reads import Instant, Steps, instant_param, next_cursor, world_path
from risk_hub_client.wire import Call
from risk_hub_contracts.base.ids import name_violation
from risk_hub_contracts.base.limits import LIST_LIMIT_MAX
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, ProblemError, Violation, summary

__all__ = ["RunFilters", "RunName", "history_page", "read", "runs_page"]

RunStatus = Literal["pass", "warn", "fail"]
_PAGE: Final = {"limit": str(LIST_LIMIT_MAX)}


class RunFilters(TypedDict, total=False):
    """Selection of runs to list.

    Attributes:
        strategy_id: only runs of this strategy.
        stage: only runs of this stage.
        status: only runs with this summary status.
        since: only runs that were created at or after this instant.
        order: by time of creation; `desc`, the default, is newest first.
    """

    strategy_id: str | None
    stage: str | None
    status: RunStatus | None
    since: Instant | None
    order: Literal["asc", "desc"]


class RunName(NamedTuple):
    """The identity of a run."""

    world_id: str
    strategy_id: str
    run_id: str


def runs_page(world_id: str, filters: RunFilters, cursor: str | None) -> Steps[dict[str, Any]]:
    """Request one page of the runs of a world."""
    strategy_id = filters.get("strategy_id")
    if strategy_id is not None:
        _require_strategy(strategy_id)
    since = instant_param(filters.get("since"), "since")
    params = {
        "strategy_id": strategy_id,
        "stage": filters.get("stage"),
        "status": filters.get("status"),
        "since": since,
        "order": filters.get("order"),
        **_PAGE,
        "cursor": cursor,
    }
    answer = yield Call("GET", world_path("list_runs", world_id), params=params)
    found = answer.read(_parse_runs)
    return found | {"next_cursor": next_cursor(cursor, found["next_cursor"], answer)}


def read(run: RunName) -> Steps[dict[str, Any]]:
    """Request the current record of a run."""
    answer = yield Call("GET", _run_path("read_run", run), params={"strategy_id": run.strategy_id})
    return answer.mapping()


def history_page(run: RunName, cursor: str | None) -> Steps[dict[str, Any]]:
    """Request one page of the items of a run, in their order."""
    params = {"strategy_id": run.strategy_id, **_PAGE, "cursor": cursor}
    answer = yield Call("GET", _run_path("read_run_history", run), params=params)
    found = answer.read(_parse_items)
    return found | {"next_cursor": next_cursor(cursor, found["next_cursor"], answer)}


def _run_path(operation_id: str, run: RunName) -> str:
    """Return the path of an operation on a run.

    Raises:
        InvalidSnapshotError: the run id or the strategy is malformed, so no request is made.
    """
    _require_strategy(run.strategy_id)
    require_text(run.run_id, "run_id")
    try:
        check_id(run.run_id, "/run_id")
    except ProblemError as problem:
        raise InvalidSnapshotError.of(problem) from None
    return world_path(operation_id, run.world_id, run_id=run.run_id)


def _require_strategy(strategy_id: str) -> None:
    require_text(strategy_id, "strategy_id")
    violation = name_violation(strategy_id)
    if violation is not None:
        found = [Violation("/strategy_id", violation)]
        raise InvalidSnapshotError.of(ProblemError(CONTRACT_VIOLATION, summary(found, "The run"), found))


def _parse_runs(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"runs": [dict(each) for each in document["runs"]], "next_cursor": document["next_cursor"]}


def _parse_items(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"items": [dict(each) for each in document["items"]], "next_cursor": document["next_cursor"]}
