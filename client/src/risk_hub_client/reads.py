"""Reads as steps: generators that yield requests, receive the answers, and return the result."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypedDict, TypeVar

from risk_hub_client.cache import ClientCache
from risk_hub_client.errors import HubError, InvalidSnapshotError
from risk_hub_client.instants import convert_instant
from risk_hub_client.labels import require_text, violation_error
from risk_hub_client.results import HubContract, Page, StoredSnapshot
from risk_hub_client.wire import Answer, Call, Pause
from risk_hub_contracts.api.routes import path_of
from risk_hub_contracts.base.limits import LIST_LIMIT_MAX
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.times import format_instant

__all__ = [
    "BacktestOptions",
    "Filters",
    "Instant",
    "Span",
    "Steps",
    "backtest",
    "contract",
    "filter_params",
    "health",
    "instant_param",
    "latest",
    "lookup",
    "next_cursor",
    "page",
    "world_path",
]

Result = TypeVar("Result")
Steps = Generator[Call | Pause, Answer, Result]
Instant = datetime | str
NOT_MODIFIED: Final = 304


class Filters(TypedDict, total=False):
    """Filters of every read of snapshots.

    Attributes:
        stage: only snapshots of this stage.
        actor: only snapshots of this actor.
        known_at: answer as the hub would have answered at this instant.
        include_expired: read history, expired snapshots too.
    """

    stage: str | None
    actor: str | None
    known_at: Instant | None
    include_expired: bool


class BacktestOptions(TypedDict, total=False):
    """Selection of forecasts for a back-test: inclusive bounds of `as_of`, method and confidence."""

    start: Instant
    end: Instant
    method: str
    confidence_bps: int


@dataclass(frozen=True, slots=True)
class Span:
    """Selection of snapshots to list: inclusive bounds of `as_of`, order, and page size."""

    start: Instant | None = None
    end: Instant | None = None
    order: Literal["asc", "desc"] = "desc"
    page_size: int = LIST_LIMIT_MAX


def world_path(operation_id: str, world_id: str, **values: str) -> str:
    """Return the path of an operation on a world.

    Raises:
        InvalidSnapshotError: the id or a version is malformed or not a text, so no request is made.
    """
    for name, value in {"world_id": world_id, **values}.items():
        require_text(value, name)
    try:
        check_id(world_id, "/world_id")
        if "version" in values:
            check_id(values["version"], "/version")
    except ProblemError as problem:
        raise InvalidSnapshotError.of(problem) from None
    return path_of(operation_id, world_id=world_id, **values)


def health() -> Steps[dict[str, Any]]:
    """Request the hub's health."""
    answer = yield Call("GET", path_of("read_health"))
    return answer.mapping()


def contract(cache: ClientCache) -> Steps[HubContract]:
    """Request the contract that the hub serves, at most once an hour."""
    known = cache.contract
    if known is not None:
        return known
    answer = yield Call("GET", path_of("read_contract"))
    served = answer.read(_parse_contract)
    cache.store_contract(served)
    return served


def latest(cache: ClientCache, world_id: str, filters: Filters) -> Steps[StoredSnapshot]:
    """Request the newest snapshot; an unchanged answer is not sent again."""
    params = filter_params(filters)
    call = Call("GET", world_path("latest_snapshot", world_id), params=params)
    # Expiry depends on the time, not on the content, so an ETag cannot show it.
    etag = None if "include_expired" in params else cache.etag(call)
    if etag is not None:
        call = Call(
            "GET", call.url, {"If-None-Match": etag}, params, accepted_statuses=frozenset({200, NOT_MODIFIED})
        )
    answer = yield call
    if answer.status == NOT_MODIFIED:
        return StoredSnapshot.of(cache.cached_document(call))
    found = answer.read(StoredSnapshot.of)
    cache.store_answer(call, answer)
    return found


def lookup(
    world_id: str, version: str | None, as_of: Instant | None, filters: Filters
) -> Steps[StoredSnapshot]:
    """Request one version, or the newest snapshot that is not later than an instant."""
    wanted = {"version": version, "as_of": instant_param(as_of, "as_of")}
    answer = yield Call(
        "GET", world_path("lookup_snapshot", world_id), params={**wanted, **filter_params(filters)}
    )
    return answer.read(StoredSnapshot.of)


def page(world_id: str, span: Span, filters: Filters, cursor: str | None = None) -> Steps[Page]:
    """Request one page of a world's snapshots."""
    bounds = {
        "from": instant_param(span.start, "start"),
        "to": instant_param(span.end, "end"),
        "order": span.order,
    }
    window = {"cursor": cursor, "limit": str(span.page_size)}
    params = {**bounds, **window, **filter_params(filters)}
    answer = yield Call("GET", world_path("list_snapshots", world_id), params=params)
    found = answer.read(_parse_page)
    return Page(found.snapshots, next_cursor(cursor, found.next_cursor, answer))


def next_cursor(cursor: str | None, following: object, answer: Answer) -> str | None:
    """Return the cursor of the next page, None after the last one.

    Raises:
        HubError: the cursor is malformed, or equals this page's, so paging would never end.
    """
    if not isinstance(following, str | None) or (following is not None and following == cursor):
        raise HubError("the next page has the same cursor as this one; paging was stopped", answer.request_id)
    return following


def backtest(world_id: str, stage: str, options: BacktestOptions) -> Steps[dict[str, Any]]:
    """Request the back-test of a stage's value-at-risk forecasts."""
    require_known(options, BacktestOptions)
    bounds = {
        "from": instant_param(options.get("start"), "start"),
        "to": instant_param(options.get("end"), "end"),
    }
    confidence = options.get("confidence_bps")
    chosen = {
        "method": options.get("method"),
        "confidence_bps": None if confidence is None else str(confidence),
    }
    path = world_path("backtest_risk", world_id)
    answer = yield Call("GET", path, params={"stage": stage, **bounds, **chosen})
    return answer.mapping()


def _parse_contract(document: Any) -> HubContract:  # noqa: ANN401 - any JSON
    served = HubContract(document["contract_version"], tuple(document["stages"]), dict(document["limits"]))
    float(served.inline_max_entries)
    return served


def _parse_page(document: Any) -> Page:  # noqa: ANN401 - any JSON
    return Page(tuple(map(StoredSnapshot.of, document["snapshots"])), document["next_cursor"])


def require_known(given: Mapping[str, Any], known: type) -> None:
    """Check the names of keyword arguments: one that is ignored would be mistaken for a filter.

    Raises:
        TypeError: a name is unknown.
    """
    names = known.__annotations__
    unknown = [name for name in given if name not in names]
    if unknown:
        raise TypeError(f"unknown argument {unknown[0]!r}; known arguments are {', '.join(sorted(names))}")


def filter_params(filters: Filters) -> dict[str, str | None]:
    """Return the filters as query parameters.

    Raises:
        TypeError: a name is not one of a filter.
    """
    require_known(filters, Filters)
    known_at, history = filters.get("known_at"), filters.get("include_expired", False)
    params = {
        "stage": filters.get("stage"),
        "actor": filters.get("actor"),
        "known_at": instant_param(known_at, "known_at"),
    }
    return {**params, **({"include_expired": "true"} if history else {})}


def instant_param(instant: Instant | None, name: str) -> str | None:
    """Return an instant as a query parameter.

    Raises:
        InvalidSnapshotError: it is a day without a time, a time without a time zone, or no instant.
    """
    if instant is None or isinstance(instant, str):
        return instant
    converted = convert_instant(instant, f"/{name}")
    if not isinstance(converted, datetime):
        raise violation_error(
            f"/{name}", f"must be a datetime with a time zone or a text, not {type(instant).__name__}"
        )
    return format_instant(converted)
