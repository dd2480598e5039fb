"""Other places: time zones, locales, and the environment of another user's shell."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tools.portability.process_facts import ProcessFacts
from tools.portability.setting import DATED, OWN_FOLDER, TEXTUAL, Effect, Setting

TIME_ZONES: Final = ("Asia/Seoul", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe")
FARTHEST: Final = "Pacific/Kiritimati"
# Python's own fallbacks for a locale that is not UTF-8 are off, so that a file opened without an encoding is
# noticed.
LOCALE_DECODING: Final = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ASCII: Final[Mapping[str, str]] = {"LC_ALL": "C", **LOCALE_DECODING}
COMPILED: Final = OWN_FOLDER / "locales"
SOURCES: Final = Path("/usr/share/i18n")
NO_HOME: Final = "/nonexistent"
OTHER_SHELL: Final[Mapping[str, str]] = {
    "PYTHONHASHSEED": "0",
    "COLUMNS": "40",
    "TERM": "dumb",
    "CI": "true",
}
OTHER_UMASK: Final = 0o077


def places() -> Iterator[Setting]:
    """Yield the setting of each time zone and locale, and of a shell with other variables."""
    for zone in TIME_ZONES:
        yield Setting(
            "time zone",
            f"`TZ={zone}`",
            DATED,
            _is_in(zone),
            {"TZ": zone},
            absent=zone_unavailable_reason(zone),
        )
    yield Setting("locale", "none set", TEXTUAL, _encodes_as("UTF-8"), {})
    for name in ("C", "POSIX"):
        yield Setting("locale", f"`LC_ALL={name}`", TEXTUAL, _encodes_as("UTF-8"), {"LC_ALL": name})
    yield Setting(
        "locale", "`LC_ALL=C`, Python's UTF-8 mode off", TEXTUAL, _encodes_as("ANSI_X3.4-1968"), ASCII
    )
    for name, encoding in (("tr_TR.UTF-8", "UTF-8"), ("tr_TR.ISO-8859-9", "ISO-8859-9")):
        variables = {"LC_ALL": name, "LOCPATH": str(COMPILED), **LOCALE_DECODING}
        yield Setting(
            "locale",
            f"`LC_ALL={name}`",
            TEXTUAL,
            _encodes_as(encoding),
            variables,
            absent=locale_unavailable_reason(name),
        )
    yield Setting(
        "shell",
        f"no home folder, umask {OTHER_UMASK:03o}, 40 columns, `CI=true`, `PYTHONHASHSEED=0`",
        TEXTUAL,
        _is_other_shell,
        {**OTHER_SHELL, "HOME": NO_HOME},
        umask=OTHER_UMASK,
    )


def zone_unavailable_reason(name: str) -> str | None:
    """Return why a time zone cannot be set; None if it can. The C library takes an unknown one for UTC."""
    try:
        ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return "this machine has no time zone database"
    return None


def locale_unavailable_reason(name: str) -> str | None:
    """Compile a locale from the system's sources if necessary; return why this is impossible, or None."""
    if (COMPILED / name).exists():
        return None
    compiler = shutil.which("localedef")
    language, _, encoding = name.partition(".")
    if compiler is None or not (SOURCES / "locales" / language).exists():
        return "the locale's source or its compiler is not installed"
    COMPILED.mkdir(parents=True, exist_ok=True)
    command = [compiler, "-i", language, "-f", encoding, str(COMPILED / name)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return None if (COMPILED / name).exists() else f"localedef failed: {done.stderr.strip()}"


def _is_in(zone: str) -> Effect:
    def works(_without: ProcessFacts, under: ProcessFacts) -> bool:
        offset = datetime.fromtimestamp(under.at, UTC).astimezone(ZoneInfo(zone)).utcoffset()
        return offset is not None and under.offset_minutes == offset.total_seconds() // 60

    return works


def _encodes_as(name: str) -> Effect:
    return lambda _without, under: under.encoding.upper() == name


def _is_other_shell(without: ProcessFacts, under: ProcessFacts) -> bool:
    same_order = without.hash_randomization and not under.hash_randomization
    return under.home == NO_HOME and under.umask == OTHER_UMASK and same_order
