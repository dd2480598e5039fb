"""Costs of a warm request that other load on the machine does not change: calls, bytes sent, bytecode
instructions.

`python -m tools.bench.stable post|latest` prints them as JSON; run with a fixed PYTHONHASHSEED, Python 3.12
or newer.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bench import stub
from tools.bench.rounds import ROUNDS

WARM_ROUNDS, COUNTED_ROUNDS = 20, 3


def instructions(work: Callable[[], Any]) -> int:
    """Return how many bytecode instructions a function executes, those of its libraries included."""
    executed = 0

    def count(_code: object, _offset: int) -> None:
        nonlocal executed
        executed += 1

    monitoring: Any = getattr(sys, "monitoring")  # noqa: B009 - types are checked for Python 3.11 too
    monitoring.use_tool_id(monitoring.PROFILER_ID, "bench")
    monitoring.register_callback(monitoring.PROFILER_ID, monitoring.events.INSTRUCTION, count)
    monitoring.set_events(monitoring.PROFILER_ID, monitoring.events.INSTRUCTION)
    try:
        work()
    finally:
        monitoring.set_events(monitoring.PROFILER_ID, 0)
        monitoring.free_tool_id(monitoring.PROFILER_ID)
    return executed


def main(kind: str) -> None:
    """Measure one kind of request."""
    real_stdout, sys.stdout = sys.stdout, Path(os.devnull).open("w")  # noqa: SIM115 - until this process ends
    once = ROUNDS[kind]()
    for _ in range(WARM_ROUNDS):
        once()
    stub.sent.clear()
    once()
    figures = {
        "calls": [name.rpartition(".")[2] for name, _ in stub.sent],
        "request_bytes": sum(len(request.body or b"") for _, request in stub.sent),
        "instructions": min(instructions(once) for _ in range(COUNTED_ROUNDS)),
    }
    real_stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
