"""The emulator's state at one instant, as the JSON documents that it loads at its next start.

The emulator saves only at a clean stop, with `get_state` of each service, which first copies everything. A
capture runs on the event loop, which also handles requests. It therefore does not copy tables, and leaves
logs and metrics, which only grow, to the clean stop.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from ministack import app
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs, dynamodb

TABLE_ATTRIBUTES: Final = (
    *("tags", "ttl_settings", "pitr_settings", "kinesis_destinations", "contributor_insights"),
    *("backups", "resource_policies", "exports", "imports"),
)
# Another thread may change a service during the read; a repeated read takes milliseconds.
ATTEMPTS_MAX_COUNT: Final = 5
METRICS: Final = "cloudwatch"

State = dict[str, Any]


def capture(*, everything: bool) -> dict[str, str]:
    """Return each service's state as JSON text, by file name.

    Args:
        everything: include metrics and log lines, as at a clean stop.

    Raises:
        RuntimeError: a service changed during every attempt.
    """
    return dict(_captured(everything=everything))


def _captured(*, everything: bool) -> Iterator[tuple[str, str]]:
    services: dict[str, Callable[[], State | None]] = app._build_persistence_save_dict()  # noqa: SLF001 - offered no other way
    services["dynamodb"] = tables_state
    if not everything:
        services.pop(METRICS, None)
        services["cloudwatch_logs"] = log_groups_state
    for name, get_state in services.items():
        text = _text(name, get_state)
        if text is not None:
            yield f"{name}.json", text


def _text(name: str, get_state: Callable[[], State | None]) -> str | None:
    version = persistence._state_format_version(name)  # noqa: SLF001
    for attempt in range(1, ATTEMPTS_MAX_COUNT + 1):
        try:
            state = get_state()
            document = {"__ministack_format__": version, "payload": state}
            return None if state is None else json.dumps(document, default=persistence._json_default)  # noqa: SLF001
        except RuntimeError:
            if attempt == ATTEMPTS_MAX_COUNT:
                raise
    return None


def tables_state() -> State:
    """Return what `dynamodb.get_state` returns, without copying the items."""
    tables = AccountRegionScopedDict()
    for (account, region, name), table in dynamodb._tables.all_items():  # noqa: SLF001
        saved = {key: value for key, value in table.items() if key != dynamodb._INDEX_MEMBERS}  # noqa: SLF001
        tables.set_scoped(account, region, name, saved)
    return {"tables": tables, **{name: getattr(dynamodb, f"_{name}") for name in TABLE_ATTRIBUTES}}


def log_groups_state() -> State:
    """Return `cloudwatch_logs.get_state` without streams: the template defines groups, not lines."""
    groups = AccountRegionScopedDict()
    for (account, region, name), group in cloudwatch_logs._log_groups.all_items():  # noqa: SLF001
        groups.set_scoped(account, region, name, {**group, "streams": {}})
    return {"log_groups": groups}
