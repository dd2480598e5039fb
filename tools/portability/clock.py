"""A changed clock for a process and everything it starts, even if it passes on little of its environment.

A preloaded library adds a constant to every answer of the system's clock. The local stage starts its server
with an environment that does not name the library, so the tests' `sys.executable` is a script that adds it
again; so is `date`. The monotonic clock and the times of files are not changed: with the
library's default for monotonic waits, each handover between two threads of Python 3.11 took milliseconds.
"""

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tools.portability.setting import DATED, OWN_FOLDER, Effect, Setting

LIBRARY_IN_PACKAGE: Final = "vendor/libfaketime/src/libfaketime.so.1"
# pip uses the true clock: the certificate of a package index would have expired years ahead.
PROGRAM: Final = """#!{bash}
case " $* " in
    *' -m pip '* | */pip/*) unset LD_PRELOAD FAKETIME ;;
    *) export LD_PRELOAD='{library}' FAKETIME='{seconds:+d}' FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1
        export FAKETIME_FORCE_MONOTONIC_FIX=0 ;;
esac
exec -a {name} '{real}' "$@"
"""
PYTHON: Final = "python"
# Programs that tests start by name with a separate environment. Not the shells: a shell that loads the library
# itself shares its memory with its children, and the end of any of its subshells removes that memory.
CLOCK_PROGRAMS: Final = ("date",)
YEARS_AHEAD: Final = 5
JUST_BEFORE: Final = timedelta(seconds=45)
TOLERANCE_SECONDS: Final = 60.0
LEAP_MONTH_DAY: Final = (2, 29)


def clocks() -> Iterator[Setting]:
    """Yield a setting for each unusual instant; its clock shows that instant when the setting is yielded."""
    for number, (value, instant_after) in enumerate(INSTANTS.items()):
        now = datetime.now(UTC)
        yield clock(f"clock{number}", value, DATED, instant_after(now) - now)


def clock(name: str, value: str, tests: tuple[str, ...], ahead: timedelta) -> Setting:
    """Return the setting of a clock that is ahead by this interval."""
    absent = clock_unavailable_reason()
    python = Path(sys.executable) if absent else moved_interpreter(Path(sys.executable), name, ahead)
    return Setting("clock", value, tests, is_ahead(ahead), with_programs(python), python, absent=absent)


def years_ahead(now: datetime) -> datetime:
    """Return about the same day some years later."""
    return now + timedelta(days=365 * YEARS_AHEAD)


def next_leap_day(now: datetime) -> datetime:
    """Return noon of the next 29 February."""
    day = now + timedelta(days=1)
    while (day.month, day.day) != LEAP_MONTH_DAY:
        day += timedelta(days=1)
    return day.replace(hour=12, minute=0, second=0, microsecond=0)


def end_of_year(now: datetime) -> datetime:
    """Return an instant just before this year ends, so that it ends while the tests run."""
    return datetime(now.year + 1, 1, 1, tzinfo=UTC) - JUST_BEFORE


INSTANTS: Final[Mapping[str, Callable[[datetime], datetime]]] = {
    f"{YEARS_AHEAD} years ahead": years_ahead,
    "noon (UTC) of the next 29 February": next_leap_day,
    f"{JUST_BEFORE.seconds} seconds before the year ends (UTC)": end_of_year,
}


def moved_interpreter(python: Path, name: str, ahead: timedelta) -> Path:
    """Create a copy of an environment that differs only in its clock; return its interpreter.

    Args:
        python: an interpreter in an environment.
        name: name of the copy's folder.
        ahead: how far its clock is ahead of this machine's.
    """
    environment, programs = python.parent.parent, OWN_FOLDER / name / "bin"
    shutil.rmtree(programs.parent, ignore_errors=True)
    programs.mkdir(parents=True)
    shutil.copyfile(environment / "pyvenv.cfg", programs.parent / "pyvenv.cfg")
    (programs.parent / "lib").symlink_to(environment / "lib")
    for program in (environment / "bin").iterdir():
        if not program.name.startswith(PYTHON):
            (programs / program.name).symlink_to(program)
    real = base_interpreter(environment)
    _write_program(programs / PYTHON, real, ahead)
    for alias in {"python3", real.name} - {PYTHON}:
        (programs / alias).symlink_to(PYTHON)
    for program_name in CLOCK_PROGRAMS:
        _write_program(programs / program_name, Path(shutil.which(program_name) or ""), ahead)
    return programs / PYTHON


def _write_program(file: Path, real: Path, ahead: timedelta) -> None:
    """Write a script that runs a program with the clock moved; Python finds its environment by the script's name."""
    name = '"$0"' if file.name == PYTHON else file.name
    seconds = round(ahead.total_seconds())
    text = PROGRAM.format(
        bash=shutil.which("bash"), library=library_file(), seconds=seconds, real=real, name=name
    )
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


def with_programs(python: Path) -> dict[str, str]:
    """Return the PATH variable in which the programs next to an interpreter come first."""
    return {"PATH": os.pathsep.join((str(python.parent), os.environ["PATH"]))}


def base_interpreter(environment: Path) -> Path:
    """Return the interpreter that an environment was made from."""
    lines = (environment / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    settings = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    return Path(settings["executable"])


def is_ahead(ahead: timedelta) -> Effect:
    """Return the check that a process's clock is ahead by this interval."""
    return lambda without, under: abs(under.at - without.at - ahead.total_seconds()) < TOLERANCE_SECONDS


def clock_unavailable_reason() -> str | None:
    """Return why this machine cannot change a process's clock; None if it can."""
    if library_file() is None:
        return "the library that moves the clock is for Linux on x86-64 only"
    return None if shutil.which("bash") else "bash is not installed"


def library_file() -> Path | None:
    """Return the preloaded library, from the package `libfaketime`; None if it is not installed."""
    found = importlib.util.find_spec("libfaketime")
    if found is None or found.origin is None:
        return None
    file = Path(found.origin).parent / LIBRARY_IN_PACKAGE
    return file if file.exists() else None
