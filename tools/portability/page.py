"""The results as a table, and as the page docs/portability.md."""

import platform
from collections.abc import Sequence
from datetime import date
from typing import Final

from tools.portability.run import Result
from tools.portability.setting import PROJECT, WHOLE

PAGE: Final = PROJECT / "docs" / "portability.md"
HEADER: Final = "| axis | value | tests of | run | passed | failed | skipped | seconds | a process saw |"
RULE: Final = "|---|---|---|---|---|---|---|---|---|"


def page(results: Sequence[Result], day: date) -> str:
    """Return the whole page."""
    measured = [each for each in results if not each.absent]
    failed = sum(not each.is_ok for each in measured)
    verdict = f"**{failed} of {len(measured)} failed.**" if failed else f"**All {len(measured)} passed.**"
    missing = len(results) - len(measured)
    more = f" {missing} not measured: see the rows." if missing else ""
    machine = " ".join((platform.system(), platform.machine(), *platform.libc_ver())).strip()
    return f"""# Portability

Written by `make portability` on {day}, on {machine}.
The suite may not depend on the processor, the BLAS, the C library, the date, the time zone, the locale, the shell or the
Python version. Each row sets one of them, checks that a fresh process sees the difference, and runs the tests that could
notice it. The last row is the whole suite with all of them set at once.

{verdict}{more}

{table(results)}
## What the rows mean
- `OPENBLAS_CORETYPE` chooses the kernels, and with them the order of sums. OpenBLAS names the kernels that it loaded, which
  several processors share.
- Without the instructions above its baseline numpy uses other loops. Without AVX2 and FMA the C library uses other variants
  of `exp` and `log`, which differ in the last bit.
- The numeric tests compare reports of up to 200 assets to the bit. Above, numbers are compared to eleven digits
  ([ADR-0015](adr/0015-verifiable-risk-reports.md)).
- A changed clock applies to every process that the tests start, including the local stage. File times do not change.
- With Python's UTF-8 mode off, a text file that is opened without an encoding is read in the encoding of the locale.

## What they do not prove
Other C libraries (musl, macOS) and ARM processors need such a machine: run `make portability` there. A processor can only be
made to look older than it is.
"""


def table(results: Sequence[Result]) -> str:
    """Return the table, and the tests that failed below it."""
    rows = "\n".join(row(each) for each in results)
    failures = "".join(f"- {each.setting.value}: `{name}`\n" for each in results for name in each.failures)
    return f"{HEADER}\n{RULE}\n{rows}\n" + (f"\nFailed:\n\n{failures}" if failures else "")


def row(result: Result) -> str:
    """Return a line of the table."""
    setting = result.setting
    tests = "the whole suite" if setting.tests == WHOLE else names_of(setting.tests)
    if result.absent:
        return f"| {setting.axis} | {setting.value} | {tests} | not measured: {result.why} | | | | | |"
    run = result.passed + result.failed
    seen = observed_text(result) if result.why is None else f"**{result.why}**"
    numbers = f"{run} | {result.passed} | {result.failed} | {result.skipped} | {result.seconds:.0f}"
    return f"| {setting.axis} | {setting.value} | {tests} | {numbers} | {seen} |"


def names_of(tests: Sequence[str]) -> str:
    """Return the folders and files of tests as text, without the leading `tests/` and the ending `.py`."""
    return ", ".join(each.removeprefix("tests/").removesuffix(".py") for each in tests)


def observed_text(result: Result) -> str:
    """Return what a process observed of the varied axis."""
    seen = result.seen
    if seen is None:
        return ""
    shown = {
        "Python": seen.python,
        "BLAS kernels": f"kernels {seen.kernels}",
        "BLAS threads": f"{seen.threads} threads",
        "vector instructions": f"in use: {', '.join(seen.vectors) or 'none'}",
        "C library": f"functions {seen.libm}",
        "time zone": f"UTC{seen.offset_minutes / 60:+g} h",
        "clock": day_of(seen.at),
        "locale": seen.encoding,
        "shell": f"umask {seen.umask:03o}, home {seen.home}",
    }
    together = f"Python {seen.python}, kernels {seen.kernels}, {day_of(seen.at)}, {seen.encoding}"
    return shown.get(result.setting.axis, together)


def day_of(at: float) -> str:
    """Return the UTC day of an instant."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(at // 86_400)).isoformat()
