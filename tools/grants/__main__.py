"""`python -m tools.grants`: remove every grant once, print the table, write docs/security-grants.md."""

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from tools.grants.experiment import Row, experiment

PAGE = Path(__file__).parents[2] / "docs" / "security-grants.md"


def page(rows: Sequence[Row], seconds: float) -> str:
    """Return the page of grants and the functions that need them."""
    needed_by_function = sum(row.needed_by_function for row in rows)
    unmissed = [row for row in rows if row.failure is None]
    lines = "\n".join(
        f"| {row.grant.folder} | `{row.grant.action}` | `{row.grant.where}` | {row.scenario_text} |"
        for row in rows
    )
    return f"""# The purpose of each grant

Written by `make grants` on {datetime.now(UTC).date()}. The run took {seconds:.0f} s.

On a local stage that enforces policies, each grant of each function's role was removed alone, the scenario
that needs it was run, and the grant was restored. Before and after, every scenario was run with all grants,
and passed.

| counted | |
|---|---|
| grants | {len(rows)} |
| needed by the function: its scenario fails without the grant | {needed_by_function} |
| needed by Lambda, which uses the role: IAM denies the call without the grant | {len(rows) - needed_by_function} |
| **not needed** | **{len(unmissed)}** |

A grant that is not needed is removed from [`infra/functions.py`](../infra/functions.py), not
explained here. The test suite removes a few grants, chosen by its seed, and compares this list with the
template of every stage. The emulator evaluates the policies. Only a real account proves how AWS evaluates
them, above all what Lambda needs to read streams and queues and to write logs and traces. Permissions between
services (gateway to functions, rules to queues, schedules to functions, S3 and AWS Backup to the archive) are
in separate policies, which `tests/infra` checks.

| function | action | on | what fails without it |
|---|---|---|---|
{lines}
"""


def main() -> int:
    """Run and report; return 1 if a grant is unnecessary or unexplained."""
    console, started = Console(), time.monotonic()
    with experiment(console) as running:
        for grant in sorted(running.unexplained()):
            console.print(f"no scenario, or no grant: {grant}")
        grants = [grant for grant in running.grants() if grant not in running.unexplained()]
        running.check_scenarios_pass(grants)
        rows = [running.without(grant) for grant in grants]
        running.check_scenarios_pass(grants)
        unexplained = running.unexplained()
    text = page(rows, time.monotonic() - started)
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 1 if unexplained or any(row.failure is None for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
