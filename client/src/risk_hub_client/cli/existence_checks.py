"""Suggestions of existing worlds, stages and policies, for a command that names an unknown one."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final

from risk_hub_client import NotFoundError, RefusedError, RiskHubClient
from risk_hub_client.cli.session import AbsentError

NAMED_MAX_COUNT: Final = 10

WorldRow = dict[str, Any]


def require_world(hub: RiskHubClient, world: str) -> None:
    """Check that the hub has a snapshot of a world, expired or not.

    Raises:
        AbsentError: the hub has none; the message names existing worlds.
    """
    if not _has_snapshot(hub, world):
        names = _registry_names(hub, lambda row: str(row["world_id"]) if row.get("head") else None)
        raise AbsentError(f"World {world!r} has no snapshot. {list_names('Worlds', names)}")


def only_stage(hub: RiskHubClient, world: str) -> str:
    """Return the only stage that has snapshots of a world.

    Raises:
        AbsentError: not exactly one stage has any; the message lists the stages.
    """
    stages = [stage for stage in hub.contract().stages if _has_snapshot(hub, world, stage)]
    if not stages:
        require_world(hub, world)
    if len(stages) != 1:
        raise AbsentError(f"World {world!r} has snapshots at {', '.join(stages)}: choose one with --stage.")
    return stages[0]


def require_stage(hub: RiskHubClient, stage: str) -> None:
    """Check that the hub accepts snapshots of a stage.

    Raises:
        AbsentError: it does not; the message lists the stages that it accepts.
    """
    known = hub.contract().stages
    if stage not in known:
        raise AbsentError(f"The hub has no stage {stage!r}. {list_names('Stages', known)}")


def require_expectation(hub: RiskHubClient, world: str, stage: str) -> WorldRow:
    """Return the expectation registered for a world at a stage.

    Raises:
        AbsentError: none is registered; the message names worlds that have one.
    """
    try:
        return hub.expectation(world, stage)
    except NotFoundError:
        names = _registry_names(
            hub, lambda row: f"{row['world_id']} at {row['stage']}" if "expectation" in row else None
        )
        text = f"There is no expectation for world {world!r} at stage {stage!r}."
        raise AbsentError(f"{text} {list_names('Expected worlds', names)}") from None


def require_policy(hub: RiskHubClient, world: str, stage: str) -> None:
    """Check that a policy is stored for a world and stage.

    Raises:
        AbsentError: no policy is stored.
    """
    if not hub.exit_policy(world, stage)["stored"]:
        raise AbsentError(
            f"No exit policy is stored for world {world!r} at stage {stage!r}: the default policy is already in force."
        )


def list_names(what: str, names: Iterable[str]) -> str:
    """Return a sentence that lists some of the existing names."""
    found = sorted(set(islice(names, NAMED_MAX_COUNT + 1)))
    more = ", ..." if len(found) > NAMED_MAX_COUNT else ""
    return f"{what}: {', '.join(found[:NAMED_MAX_COUNT]) or 'none'}{more}."


def _has_snapshot(hub: RiskHubClient, world: str, stage: str | None = None) -> bool:
    try:
        hub.latest(world, stage=stage, include_expired=True)
    except NotFoundError:
        return False
    return True


def _registry_names(hub: RiskHubClient, name: Callable[[WorldRow], str | None]) -> list[str]:
    """Return names from the registry; empty if the token may not read it."""
    try:
        return [found for row in hub.worlds() if (found := name(row)) is not None]
    except RefusedError:
        return []
