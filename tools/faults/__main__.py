"""`python -m tools.faults [--snapshots N] [--worlds N]`: run, print the table, write docs/fault-run.md."""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from infra.local.bring_up import start_stage
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from tools.faults.moves import COMPLETED, FAILED, SHORT_WINDOW
from tools.faults.run import Outcome, Plan, fault_run

PAGE = Path(__file__).parents[2] / "docs" / "fault-run.md"


def page(outcome: Outcome, snapshots: int, worlds: int) -> str:
    """Return the page that holds the counts."""
    faults = "\n".join(f"| {name} | {count} |" for name, count in outcome.faults.items())
    answers = "\n".join(f"| {status or 'connection broken'} | {n} |" for status, n in outcome.answers.items())
    workers = "\n".join(
        f"| {name} | {count.expected} | {count.stored} | {count.dead_letters} | "
        f"{len(count.lost)} | {len(count.duplicated)} |"
        for name, count in outcome.workers.items()
    )
    return f"""# Fault run

Written by `make faults` on {datetime.now(UTC).date()}. The run took {outcome.seconds:.0f} s.

{snapshots} snapshots of {worlds} worlds are published through the HTTP API of the local stage. A tenth of
them is sent twice, and a tenth is sent late. Meanwhile, AWS calls of the functions are throttled, time out,
lose their answers or are refused, and processes of the functions are killed. The writes of one worker are
refused for one world until its messages are dead letters. The mover runs without a pause, with a hot window of
16 minutes: it moves the late snapshots to history as soon as they have settled.

When the workers have done nine tenths of their work, the faults stop, the operator's command moves the dead
letters back, and the run waits until all queues are empty. Then it counts:

| counted | |
|---|---|
| faults injected | {sum(outcome.faults.values())} |
| snapshots committed | {outcome.committed} |
| snapshots announced | {outcome.announced} |
| announcements repeated | {outcome.repeated} |
| unreadable records in the failure queue | {outcome.isolated} |
| snapshots given up by producers | {len(outcome.given_up)} |
| effects stored | {sum(count.stored for count in outcome.workers.values())} |
| snapshots moved to history | {outcome.history.moved} |
| segments of history | {outcome.history.segments} |
| runs of the mover completed | {outcome.history.runs.get(COMPLETED, 0)} |
| runs of the mover failed or killed | {outcome.history.runs.get(FAILED, 0)} |
| segments torn | {len(outcome.history.torn)} |
| moved snapshots that the hub does not answer | {len(outcome.history.unanswered)} |
| differences that the reconciliation finds | {len(outcome.history.differences)} |
| **lost** | **{len(outcome.lost)}** |
| **duplicated** | **{len(outcome.duplicated)}** |

| worker | effects expected | stored | dead letters moved back | lost | duplicated |
|---|---|---|---|---|---|
{workers}

| fault | times |
|---|---|
{faults}

| answer to producers | times |
|---|---|
{answers}
"""


def main(arguments: list[str]) -> int:
    """Run and report; return 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tools.faults")
    parser.add_argument("--snapshots", type=int, default=10_000)
    parser.add_argument("--worlds", type=int, default=50)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        settings = LocalSettings(Path(home) / "stage", ANY_FREE_PORT, ANY_FREE_PORT, history=SHORT_WINDOW)
        stage = start_stage(settings, Console(), detached=False, fresh=True)
        try:
            outcome = fault_run(stage, Path(home) / "faults", Plan(options.snapshots, options.worlds))
        finally:
            stage.process.stop()
    text = page(outcome, options.snapshots, options.worlds)
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 1 if outcome.lost or outcome.duplicated or outcome.history.wrong or outcome.given_up else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
