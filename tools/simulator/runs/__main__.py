"""`python -m tools.simulator.runs --seed N` replays one history; `--histories N` runs many from a seed on."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from secrets import randbelow

from tools.simulator.__main__ import SEEDS, one_processor
from tools.simulator.runs.history import DEFAULT_DEPENDENCIES, RunsOutcome, run_history
from tools.simulator.runs.hub import RunsDependencies


def run_many(
    base: int, count: int, dependencies: RunsDependencies = DEFAULT_DEPENDENCIES
) -> Iterator[RunsOutcome]:
    """Run the histories of the seeds from `base` on."""
    with one_processor():
        for seed in range(base, base + count):
            yield run_history(seed, dependencies)


def main(arguments: Sequence[str], dependencies: RunsDependencies = DEFAULT_DEPENDENCIES) -> int:
    """Run the histories of the command line; return the exit code, 1 if a rule broke."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulator.runs", description=__doc__)
    parser.add_argument("--seed", type=int, help="the seed of the first history; drawn when absent")
    parser.add_argument("--histories", type=int, default=1, help="how many histories to run")
    options = parser.parse_args(arguments)
    base = randbelow(SEEDS) if options.seed is None else options.seed
    return _run(base, options.histories, dependencies)


def _run(base: int, count: int, dependencies: RunsDependencies) -> int:
    began = time.monotonic()
    totals: Counter[str] = Counter()
    for outcome in run_many(base, count, dependencies):
        if outcome.findings:
            _say(outcome.report())
            return 1
        totals += outcome.counts + outcome.faults
    elapsed = time.monotonic() - began
    _say(
        f"{count} histories of evaluation runs from seed {base} are sound ({elapsed:.1f} s, {count / elapsed:.0f}/s)"
    )
    _say(", ".join(f"{name} {number}" for name, number in sorted(totals.items())))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
