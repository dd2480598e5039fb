"""Several axes at once: the short form that CI runs, and the whole suite in the worst combination."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.portability.clock import is_ahead, moved_interpreter, why_no_clock, with_programs, years_ahead
from tests.portability.interpreters import OLDEST, environment_of
from tests.portability.places import ASCII, FARTHEST, OTHER_SHELL, OTHER_UMASK
from tests.portability.processors import oldest_processor
from tests.portability.setting import NUMERIC, WHOLE, Effect, Setting
from tests.portability.process_facts import Sight

ELSEWHERE: Final = {**ASCII, **OTHER_SHELL, "TZ": FARTHEST}
DATED_SHORT: Final = ("tests/http", "tests/operate", "tests/rotation", "tests/events", "tests/docs")


def short_form() -> Iterator[Setting]:
    """Yield two combinations: every axis of processors over the numeric tests, every other axis over dated ones."""
    yield Setting(
        "together",
        "the oldest processor, two BLAS threads",
        NUMERIC,
        _is_an_older_processor,
        oldest_processor(),
    )
    yield elsewhere("another day, place and shell", DATED_SHORT, Path(sys.executable), {}, None)


def worst_combination() -> Iterator[Setting]:
    """Yield the whole suite on the oldest Python, processor and so on, all at once."""
    python, absent = environment_of(OLDEST)
    yield elsewhere("all of these at once", WHOLE, python, oldest_processor(), absent)


def elsewhere(
    value: str, tests: tuple[str, ...], python: Path, processor: dict[str, str], absent: str | None
) -> Setting:
    """Return a setting on another day, in another place and shell; without clock control, the day is
    unchanged.
    """
    now = datetime.now(UTC)
    ahead = years_ahead(now) - now
    stays, works = why_no_clock(), _all(_is_elsewhere, is_ahead(ahead))
    if stays is not None:
        value, works = f"{value}; the clock as it is: {stays}", _is_elsewhere
    elif absent is None:
        python = moved_interpreter(python, f"elsewhere-{python.parent.parent.name.lstrip('.')}", ahead)
    environment = {**ELSEWHERE, **processor, **with_programs(python)}
    return Setting("together", value, tests, works, environment, python, OTHER_UMASK, absent)


def _is_an_older_processor(without: Sight, under: Sight) -> bool:
    return not under.vectors and (without.kernels, without.vectors, without.libm) != (
        under.kernels,
        under.vectors,
        under.libm,
    )


def _is_elsewhere(without: Sight, under: Sight) -> bool:
    return under.encoding != without.encoding and not under.hash_randomization and under.umask == OTHER_UMASK


def _all(*effects: Effect) -> Effect:
    return lambda without, under: all(each(without, under) for each in effects)
