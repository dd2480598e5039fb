"""`python -m tools.portability`: the suite under other processors, dates, places and Pythons; writes docs/portability.md.

`--short` runs the two combinations of CI; `--only AXIS` runs one axis. Neither writes the page. What passed at this commit
is not run again, so an interrupted run continues.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

from tools.portability.clock import clocks
from tools.portability.combinations import ci_combinations, worst_combination
from tools.portability.interpreters import interpreters
from tools.portability.page import PAGE, page, table
from tools.portability.places import places
from tools.portability.processors import processors
from tools.portability.result_cache import run_cached
from tools.portability.run import Result, run
from tools.portability.setting import Setting


def main(arguments: Sequence[str]) -> int:
    """Run the selected settings; return 1 if a test failed or a setting had no effect."""
    options = _parser().parse_args(arguments)
    if options.short:
        return report(ci_combinations(), run_one=run)
    if options.only:
        return report(AXES[options.only]())
    return report(chain.from_iterable(settings() for settings in AXES.values()), PAGE)


def processor_axis(name: str) -> Callable[[], Iterator[Setting]]:
    """Return the generator of the settings of one processor axis."""
    return lambda: (each for each in processors() if each.axis == name)


def place_axis(name: str) -> Callable[[], Iterator[Setting]]:
    """Return the generator of the settings of one place axis."""
    return lambda: (each for each in places() if each.axis == name)


# Settings are created when their turn comes: a moved clock is relative to the present.
AXES: Final[Mapping[str, Callable[[], Iterator[Setting]]]] = {
    **{
        name: processor_axis(name)
        for name in ("BLAS kernels", "BLAS threads", "vector instructions", "C library")
    },
    **{name: place_axis(name) for name in ("time zone", "locale", "shell")},
    "clock": clocks,
    "Python": interpreters,
    "together": worst_combination,
}


def report(
    settings: Iterable[Setting], file: Path | None = None, run_one: Callable[[Setting], Result] = run_cached
) -> int:
    """Run each setting, show the table, and write the page if a file is given; return the exit status."""
    results = []
    for setting in settings:
        sys.stdout.write(f"\n== {setting.axis}: {setting.value}\n")
        sys.stdout.flush()
        results.append(run_one(setting))
    sys.stdout.write(f"\n{table(results)}")
    if file is not None:
        file.write_text(page(results, datetime.now(UTC).date()), encoding="utf-8")
    return 0 if results and all(each.is_ok for each in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.portability", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the two combinations that CI runs")
    parser.add_argument("--only", choices=AXES, help="one axis, by its name in the table")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
