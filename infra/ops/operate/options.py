"""Options shared by the operator's commands, with their validation."""

import re
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, Final

import typer

from infra.environments import ENVIRONMENTS
from infra.ops.operate.rate_limiter import RATE_MAX_PER_SECOND
from infra.ops.operate.stage_access import LOCAL
from risk_hub_contracts.base.ids import id_violation
from risk_hub_contracts.base.times import InstantError, parse_instant

LIFETIME: Final = re.compile(r"([1-9][0-9]{0,3})([hd])", re.ASCII)


def stage_name(text: str) -> str:
    """Return the name of an existing stage."""
    if text not in ENVIRONMENTS:
        raise typer.BadParameter(f"{text!r} is not a stage: choose one of {', '.join(ENVIRONMENTS)}")
    return text


def identifier(text: str) -> str:
    """Return a well-formed id of a world or a version unchanged."""
    violation = id_violation(text)
    if violation:
        raise typer.BadParameter(f"{text!r} {violation}")
    return text


def stored_snapshot(text: str) -> str:
    """Return `world/version`, both well-formed, unchanged."""
    world, slash, version = text.partition("/")
    if not slash:
        raise typer.BadParameter(f"{text!r} has no slash: give the world and the version, as in us20/v1")
    identifier(world)
    identifier(version)
    return text


def instant(text: str) -> str:
    """Return a valid instant unchanged."""
    try:
        parse_instant(text)
    except InstantError as error:
        raise typer.BadParameter(f"{text!r} {error}") from error
    return text


def rate(text: str | float) -> float:
    """Return a rate within the allowed range."""
    with suppress(ValueError):
        value = float(text)
        if 0 < value <= RATE_MAX_PER_SECOND:
            return value
    raise typer.BadParameter(f"must be a number above 0, at most {RATE_MAX_PER_SECOND:.0f} per second")


def count(text: str | int) -> int:
    """Return a number of messages."""
    with suppress(ValueError):
        value = int(text)
        if value > 0:
            return value
    raise typer.BadParameter("must be a whole number above 0")


def lifetime(text: str | timedelta) -> timedelta:
    """Return a duration such as 12h or 90d."""
    if isinstance(text, timedelta):
        return text
    match = LIFETIME.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a duration: give hours or days, as in 12h or 90d")
    return timedelta(hours=int(match[1])) if match[2] == "h" else timedelta(days=int(match[1]))


def inherited(context: typer.Context, name: str, given: Any) -> Any:  # noqa: ANN401 - any option's value
    """Return an option's value, or the value given for it before the subcommand."""
    parent = context.parent
    return given if given or parent is None else parent.params.get(name)


StageName = Annotated[
    str, typer.Option("--stage-name", parser=stage_name, metavar="NAME", help=f"The stage ({LOCAL}).")
]
OptionalStageName = Annotated[
    str | None,
    typer.Option("--stage-name", parser=stage_name, metavar="NAME", help=f"The stage ({LOCAL})."),
]
Rate = Annotated[float, typer.Option(parser=rate, metavar="NUMBER")]
Limit = Annotated[
    int | None, typer.Option(parser=count, metavar="NUMBER", help="The maximum number of messages.")
]
