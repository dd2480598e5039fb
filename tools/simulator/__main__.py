"""`python -m tools.simulator --seed N` replays one history; `--histories N` runs many from a seed on."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import randbelow

from tools.simulator.history import DEFAULT_DEPENDENCIES, Outcome, run_history
from tools.simulator.hub import HubDependencies

SEEDS = 2**32
PROGRESS_SECONDS = 10


@contextmanager
def one_processor() -> Iterator[None]:
    """Keep the process on one processor: its threads run one at a time, and switching is cheapest there."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[os.getpid() % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def run_many(
    base: int, count: int, dependencies: HubDependencies = DEFAULT_DEPENDENCIES
) -> Iterator[Outcome]:
    """Run the histories of the seeds from `base` on."""
    with one_processor():
        for seed in range(base, base + count):
            yield run_history(seed, dependencies)


def main(arguments: Sequence[str], dependencies: HubDependencies = DEFAULT_DEPENDENCIES) -> int:
    """Run the histories of the command line; return the exit code, 1 if an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulator", description=__doc__)
    parser.add_argument("--seed", type=int, help="the seed of the first history; drawn when absent")
    parser.add_argument("--histories", type=int, default=1, help="how many histories to run")
    parser.add_argument("--trace", action="store_true", help="print the last steps of a sound history too")
    options = parser.parse_args(arguments)
    base = randbelow(SEEDS) if options.seed is None else options.seed
    return _run(base, options.histories, dependencies, trace=options.trace)


def _run(base: int, count: int, dependencies: HubDependencies, *, trace: bool) -> int:
    began = reported_at = time.monotonic()
    totals: Counter[str] = Counter()
    for done, outcome in enumerate(run_many(base, count, dependencies), start=1):
        if outcome.broken is not None:
            _say(outcome.report())
            return 1
        totals += Counter(
            {"commits": outcome.commits, "evaluations": outcome.reports, "reads": outcome.reads}
        )
        totals += outcome.faults + outcome.moves
        if trace or count == 1:
            _say("\n".join([*(outcome.trace.lines() if trace else []), outcome.report()]))
        if time.monotonic() - reported_at > PROGRESS_SECONDS:
            reported_at = time.monotonic()
            _say(f"{done} of {count} histories, {done / (reported_at - began):.0f}/s")
    elapsed = time.monotonic() - began
    _say(f"{count} histories from seed {base} are sound ({elapsed:.1f} s, {count / elapsed:.0f}/s)")
    _say(", ".join(f"{name} {number}" for name, number in sorted(totals.items())))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
