"""Values of the CDK context, which replace settings of a stage: their names, their texts, and what they mean."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from infra.custom_domain import DOMAIN_KEYS, CustomDomain, custom_domain
from infra.environments import ENVIRONMENTS
from infra.errors import EnvironmentSpecError
from risk_hub_contracts.base.limits import KNOWN_AT_SETTLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from infra.environments import EnvironmentSpec, Rollout

# A policy name of the deployment's account, with its path, or a whole ARN (also of AWS's own policies).
POLICY_NAME: Final = r"[\w+=,.@-]{1,128}"
BOUNDARY_POLICY: Final = re.compile(
    rf"(arn:aws[a-z-]*:iam::(\d{{12}}|aws):policy/)?([\w+=,.@-]+/)*{POLICY_NAME}", re.ASCII
)
# Lambda requires at least this much unreserved concurrency in the account.
UNRESERVED_MIN_EXECUTIONS: Final = 100
RESERVED_MAX_EXECUTIONS: Final = 10_000
# Every stage keeps snapshots and their reports for at least this long.
HISTORY_RETENTION_MIN_DAYS: Final = 90
HISTORY_RETENTION_MAX_DAYS: Final = 36_500
# Below the shortest retention: TTL must not delete a snapshot before it was moved.
HOT_MAX_DAYS: Final = 60
MOVE_SETTLE_MAX_SECONDS: Final = 86_400
_COUNT: Final = re.compile(r"[0-9]{1,5}")
_NUMBER: Final = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,6})?")
RUNBOOK_BASE: Final = re.compile(r"https?://[^\s/]+/(?:\S*/)?")
SUBSCRIBER: Final = re.compile(r"mailto:[^@\s]+@[^@\s]+|https://[^\s/]+(/\S*)?")


def context_pair(text: str, keys: Collection[str]) -> tuple[str, str]:
    """Split `KEY=VALUE`; if a misspelt key were ignored, a stage could be open to any address.

    Raises:
        ValueError: the key is unknown, or the text has no `=`.
    """
    key, separator, value = text.partition("=")
    if key not in keys:
        raise ValueError(f"no context value is named {key!r}: choose from {', '.join(keys)}")
    if not separator:
        raise ValueError(f"{text!r} has no value: give {key}=VALUE")
    return key, value


def resolve_environment(name: str, **given: str | None) -> EnvironmentSpec:
    """Return the stage, with the given values replacing those of the table.

    Args:
        name: Name of the stage.
        given: Texts by the names of `CONTEXT_KEYS`; an empty text counts as absent.

    Raises:
        EnvironmentSpecError: The stage is unknown, a value is malformed, or required networks are missing.
    """
    for key, value in {"stage": name, **given}.items():
        _check_text(key, value)
    if name not in ENVIRONMENTS:
        raise EnvironmentSpecError(
            f"no stage {name!r}: choose one of {', '.join(ENVIRONMENTS)}, as in -c stage=dev"
        )
    environment = ENVIRONMENTS[name]
    if environment.networks_required and not given.get("allowed_networks"):
        raise EnvironmentSpecError(
            f"stage {name!r} answers only to named networks: "
            "give -c allowed_networks=203.0.113.0/24,2001:db8::/48 (CIDR blocks, comma-separated)",
        )
    read = {
        key: _PARSERS[key](environment, text)
        for key, text in given.items()
        if text and key not in DOMAIN_KEYS
    }
    return replace(environment, custom_domain=_parse_domain(given), **read)


def _check_text(key: str, value: object) -> None:
    """Reject values that are not text (`cdk.json` may contain any JSON) and texts that contain only separators.

    Raises:
        EnvironmentSpecError: the value is of another type, or has blanks and commas only.
    """
    if value is not None and not isinstance(value, str):
        raise EnvironmentSpecError(
            f"{key} is of type {type(value).__name__}: give a text, as in {key}=VALUE or, in cdk.json, in double quotes"
        )
    if value and not _split_list(value):
        raise EnvironmentSpecError(f"{key} {value!r} contains no value: give one, or leave {key} out")


def _parse_domain(given: Mapping[str, str | None]) -> CustomDomain | None:
    try:
        return custom_domain(given)
    except ValueError as error:
        raise EnvironmentSpecError(str(error)) from error


def _parse_networks(_: EnvironmentSpec, text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(block)) for block in _split_list(text))
    except ValueError as error:
        raise EnvironmentSpecError(
            f"allowed_networks: {error}; give CIDR blocks such as 203.0.113.0/24"
        ) from error


def _parse_addresses(_: EnvironmentSpec, text: str) -> tuple[str, ...]:
    for address in _split_list(text):
        if not SUBSCRIBER.fullmatch(address):
            raise EnvironmentSpecError(
                f"subscriber {address!r}: give mailto:oncall@example.com or https://example.com/alarms"
            )
    return tuple(_split_list(text))


def parse_boundary_policy(text: str) -> str:
    """Return the managed policy that bounds every role.

    Raises:
        EnvironmentSpecError: the text is neither the name nor the ARN of a managed policy.
    """
    if not BOUNDARY_POLICY.fullmatch(text):
        raise EnvironmentSpecError(
            f"permissions_boundary {text!r}: give the name of a managed policy of the account, such as team-boundary, "
            "or its ARN, such as arn:aws:iam::111122223333:policy/team-boundary"
        )
    return text


def _parse_concurrency(_: EnvironmentSpec, text: str) -> int:
    if not _is_between(text, 1, RESERVED_MAX_EXECUTIONS):
        raise EnvironmentSpecError(
            f"reserved concurrency {text!r}: give a whole number from 1 to {RESERVED_MAX_EXECUTIONS}; what all functions of "
            f"the account reserve must leave {UNRESERVED_MIN_EXECUTIONS} of the account's limit"
        )
    return int(text)


def _parse_hot_days(_: EnvironmentSpec, text: str) -> int:
    if not _is_between(text, 1, HOT_MAX_DAYS):
        raise EnvironmentSpecError(
            f"hot_days {text!r}: give a whole number of days from 1 to {HOT_MAX_DAYS}; older snapshots are moved to "
            "history, and are answered from there"
        )
    return int(text)


def _parse_history_retention(environment: EnvironmentSpec, text: str) -> int:
    """Return the days; copies in a locked archive must not outlive the history that they are copies of."""
    least = max(HISTORY_RETENTION_MIN_DAYS, environment.archive_lock_days or 0)
    if not _is_between(text, least, HISTORY_RETENTION_MAX_DAYS):
        locked = (
            f", for which stage {environment.name!r} locks its archive,"
            if environment.archive_lock_days
            else ""
        )
        raise EnvironmentSpecError(
            f"history_retention_days {text!r}: give a whole number of days from {least}{locked} to "
            f"{HISTORY_RETENTION_MAX_DAYS}"
        )
    return int(text)


def _parse_move_settle(_: EnvironmentSpec, text: str) -> int:
    if not _is_between(text, KNOWN_AT_SETTLE_SECONDS, MOVE_SETTLE_MAX_SECONDS):
        raise EnvironmentSpecError(
            f"move_settle_seconds {text!r}: give a whole number of seconds from {KNOWN_AT_SETTLE_SECONDS}, after which "
            f"no write can add to the past, to {MOVE_SETTLE_MAX_SECONDS}"
        )
    return int(text)


def _is_between(text: str, least: int, greatest: int) -> bool:
    return bool(_COUNT.fullmatch(text)) and least <= int(text) <= greatest


def _parse_gross_exposure(environment: EnvironmentSpec, text: str) -> tuple[tuple[str, float], ...]:
    limits = {}
    for entry in _split_list(text):
        name, _, limit = entry.partition("=")
        if name not in environment.stage_allow_list or not _NUMBER.fullmatch(limit) or float(limit) < 1:
            raise EnvironmentSpecError(
                f"gross_exposure_max {entry!r}: give a limit of at least 1 for each X-Stage that is to have one, "
                f"such as live=20,paper=100; the stages are {', '.join(environment.stage_allow_list)}"
            )
        if name in limits:
            raise EnvironmentSpecError(f"gross_exposure_max {text!r} has two limits for {name}: give one")
        limits[name] = float(limit)
    return tuple(sorted(limits.items()))


def _parse_runbook_base(_: EnvironmentSpec, text: str) -> str:
    if not RUNBOOK_BASE.fullmatch(text):
        raise EnvironmentSpecError(
            f"runbook_base {text!r}: give the https address of these files, ending in a slash, such as "
            "https://example.com/risk-hub/"
        )
    return text


def _parse_rollout(environment: EnvironmentSpec, text: str) -> Rollout:
    """Return `at_once`, for a release that fixes the cause of an alarm: a canary fails during any alarm."""
    if text != "at_once" or environment.rollout != "canary":
        raise EnvironmentSpecError(
            f"rollout {text!r} on stage {environment.name!r}: the only value is at_once, and only for a stage that "
            "releases with a canary"
        )
    return "at_once"


def _parse_old_snapshots(_: EnvironmentSpec, text: str) -> bool:
    if text != "kept":
        raise EnvironmentSpecError(
            f"old_snapshots {text!r}: give kept, which keeps the table of snapshots of release 1.0 in the data stack, "
            "or leave it out"
        )
    return True


def _split_list(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


_PARSERS: Final[Mapping[str, Callable[[EnvironmentSpec, str], Any]]] = MappingProxyType(
    {
        "allowed_networks": _parse_networks,
        "critical_subscribers": _parse_addresses,
        "warning_subscribers": _parse_addresses,
        "gross_exposure_max": _parse_gross_exposure,
        "hot_days": _parse_hot_days,
        "history_retention_days": _parse_history_retention,
        "move_settle_seconds": _parse_move_settle,
        "runbook_base": _parse_runbook_base,
        "rollout": _parse_rollout,
        "permissions_boundary": lambda _, text: parse_boundary_policy(text),
        "writer_concurrency": _parse_concurrency,
        "reader_concurrency": _parse_concurrency,
        "old_snapshots": _parse_old_snapshots,
    },
)
CONTEXT_KEYS: Final = (*_PARSERS, *DOMAIN_KEYS)
