"""`python -m tests.grants`: take every grant away once, print the table, write docs/security-grants.md."""

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from tests.grants.experiment import Row, experiment

PAGE = Path(__file__).parents[2] / "docs" / "security-grants.md"


def page(rows: Sequence[Row], seconds: float) -> str:
    """Return the page that says who misses which grant."""
    by_running = sum(row.by_running for row in rows)
    unmissed = [row for row in rows if row.complaint is None]
    lines = "\n".join(
        f"| {row.grant.folder} | `{row.grant.action}` | `{row.grant.where}` | {row.missed_by} |"
        for row in rows
    )
    return f"""# What each grant is for

Written by `make grants` on {datetime.now(UTC).date()}. On a local stage that enforces policies each grant of each
function's role was taken away alone, what needs it was tried, and the grant was given back. Before and after, everything
was tried with nothing missing, and worked. It took {seconds:.0f} s.

| counted | |
|---|---|
| grants | {len(rows)} |
| missed by the function itself, which ran | {by_running} |
| missed by Lambda, which acts in the role's name: asked of IAM's evaluation | {len(rows) - by_running} |
| **missed by nobody** | **{len(unmissed)}** |

A grant that nobody misses is taken out of [`permissions.py`](../infra/constructs/permissions.py), not explained here.
The suite takes a few grants of its seed away, and compares this list with every stage's template. The policies are
evaluated by the emulator; only a real account proves how AWS does, above all what Lambda needs in order to read streams
and queues and to write logs and traces. What services may do to one another (the gateway to functions, rules to queues,
the clock to functions, S3 and AWS Backup to the archive) stands in policies of its own, pinned by `tests/infra`.

| function | action | on | what fails without it |
|---|---|---|---|
{lines}
"""


def main() -> int:
    """Run and report; return 1 when a grant is missed by nobody or explained by nothing."""
    console, started = Console(), time.monotonic()
    with experiment(console) as running:
        for grant in sorted(running.unexplained()):
            console.print(f"no scenario, or no grant: {grant}")
        grants = [grant for grant in running.grants() if grant not in running.unexplained()]
        running.sound(grants)
        rows = [running.without(grant) for grant in grants]
        running.sound(grants)
        unexplained = running.unexplained()
    text = page(rows, time.monotonic() - started)
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 1 if unexplained or any(row.complaint is None for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
