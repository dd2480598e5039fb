"""The work of one fresh process: `python -m tools.bench.cold floor|post|latest` prints its figures as JSON."""

import json
import os
import statistics
import sys
import time
from pathlib import Path

from tools.bench.memory import peak_mb
from tools.bench.rounds import ROUNDS

WARM_ROUNDS = 400


def main(kind: str) -> None:
    """Run once cold and then warm; print CPU seconds of the whole process, milliseconds a round, memory,
    modules.

    The process's logs are written but discarded.
    """
    real_stdout, sys.stdout = sys.stdout, Path(os.devnull).open("w")  # noqa: SIM115 - until this process ends
    once = ROUNDS[kind]()
    once()
    cold_seconds = time.process_time()
    memory_mb = peak_mb()
    modules = len(sys.modules)
    rounds = []
    for _ in range(WARM_ROUNDS):
        start = time.perf_counter()
        once()
        rounds.append(time.perf_counter() - start)
    figures = {
        "cold_cpu_s": cold_seconds,
        "memory_mb": memory_mb,
        "warm_ms": statistics.median(rounds) * 1000,
        "modules": modules,
    }
    real_stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
