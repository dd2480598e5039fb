"""Several axes at once: the short form that CI runs, and the whole suite in the worst combination."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools.portability.clock import (
    clock_unavailable_reason,
    is_ahead,
    moved_interpreter,
    with_programs,
    years_ahead,
)
from tools.portability.interpreters import OLDEST, environment_of
from tools.portability.places import ASCII, FARTHEST, OTHER_SHELL, OTHER_UMASK
from tools.portability.process_facts import ProcessFacts
from tools.portability.processors import oldest_processor
from tools.portability.setting import NUMERIC, WHOLE, Effect, Setting

OTHER_PLACE: Final = {**ASCII, **OTHER_SHELL, "TZ": FARTHEST}
DATED_SHORT: Final = ("tests/http", "tests/operate", "tests/rotation", "tests/events", "tests/docs")


def ci_combinations() -> Iterator[Setting]:
    """Yield two combinations: every axis of processors over the numeric tests, every other axis over dated ones."""
    yield Setting(
        "together",
        "the oldest processor, two BLAS threads",
        NUMERIC,
        _is_an_older_processor,
        oldest_processor(),
    )
    yield combined_setting("another day, place and shell", DATED_SHORT, Path(sys.executable), {}, None)


def worst_combination() -> Iterator[Setting]:
    """Yield the setting that runs the whole suite with the worst value of every axis at once."""
    python, absent = environment_of(OLDEST)
    yield combined_setting("all of these at once", WHOLE, python, oldest_processor(), absent)


def combined_setting(
    value: str, tests: tuple[str, ...], python: Path, processor: dict[str, str], absent: str | None
) -> Setting:
    """Return a setting on another day, in another place and shell; without clock control, the day is
    unchanged.
    """
    now = datetime.now(UTC)
    ahead = years_ahead(now) - now
    unavailable_reason, works = clock_unavailable_reason(), _all(_is_other_place, is_ahead(ahead))
    if unavailable_reason is not None:
        value, works = f"{value}; the clock as it is: {unavailable_reason}", _is_other_place
    elif absent is None:
        python = moved_interpreter(python, f"elsewhere-{python.parent.parent.name.lstrip('.')}", ahead)
    environment = {**OTHER_PLACE, **processor, **with_programs(python)}
    return Setting("together", value, tests, works, environment, python, OTHER_UMASK, absent)


def _is_an_older_processor(without: ProcessFacts, under: ProcessFacts) -> bool:
    return not under.vectors and (without.kernels, without.vectors, without.libm) != (
        under.kernels,
        under.vectors,
        under.libm,
    )


def _is_other_place(without: ProcessFacts, under: ProcessFacts) -> bool:
    return under.encoding != without.encoding and not under.hash_randomization and under.umask == OTHER_UMASK


def _all(*effects: Effect) -> Effect:
    return lambda without, under: all(each(without, under) for each in effects)
