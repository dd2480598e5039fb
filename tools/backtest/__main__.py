"""`python -m tools.backtest`: back-test the real book on a separate stage; write docs/backtest.md."""

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.local.bring_up import start_stage
from infra.local.sample.publish import HubEndpoint
from infra.local.settings import ANY_FREE_PORT, REPOSITORY, LocalSettings
from tools.backtest.direct import differences
from tools.backtest.history import WINDOW_DAYS, Table, real_table
from tools.backtest.run import command_line, publish, wait_for_forecasts

PAGE = REPOSITORY / "docs" / "backtest.md"
PICTURE = REPOSITORY / "docs" / "backtest.svg"
METHODS = ("historical_upper", "historical", "parametric_normal")
REPORT_PARAMETERS = [(method, bps) for method in METHODS for bps in (9500, 9750, 9900)]


def reports(hub: HubEndpoint) -> list[dict[str, Any]]:
    """Return the reports by every method and confidence, as the command line prints them."""
    return [
        json.loads(command_line(hub, "--method", method, "--confidence-bps", str(bps), "--json"))
        for method, bps in REPORT_PARAMETERS
    ]


def page(table: Table, found: list[dict[str, Any]], command_output: str, seconds: float) -> str:
    """Return the page of tests."""
    rows = "\n".join(map(_row, found))
    first, last = found[0]["days"][0], found[0]["days"][-1]
    return f"""# Back-test of a real book

Written by `make backtest` on {datetime.now(UTC).date()}. {len(table.closes())} daily snapshots of a book of {len(table.ids)}
US equities are published through the HTTP API of the local stage, evaluated by the risk engine, and tested by
`GET …/risk/backtest`. Each snapshot contains only data known at the close of its day: the last {WINDOW_DAYS}
returns, their sample covariance, and weights by inverse volatility. Its value at risk is compared with the
return of the same book on the next trading day, {first["realized_date"]} to {last["realized_date"]}.

Every forecast and return was also computed directly from the table of returns, and agrees within 1e-9.
Publishing and evaluating took {seconds:.0f} s.

| VaR | days | exceeded | expected | Kupiec p | independence p | both p | Basel, last 250 days |
|---|---|---|---|---|---|---|---|
{rows}

`historical_upper` is the loss at rank ⌈(1 − c)·{WINDOW_DAYS}⌉ of the window, `historical` is interpolated between
two losses and never larger here. A p-value below 0.05 (**bold**) is evidence against the model. The output of
the command line for the default, `historical_upper` at 99 %, and its plot:

```
risk-hub risk backtest us20 --stage backtest --plot docs/backtest.svg
{command_output.rstrip()}
```

![returns of the book and the value at risk forecast for them](backtest.svg)

**Limits.** The snapshots were published all at once, years later. None contains data from its own future, but
no decision was based on them at the time; the report counts such forecasts as `in_hindsight`. The equities
are companies that are large today, so they were chosen with hindsight too.
[ADR-0016](adr/0016-pair-each-return-with-one-stored-forecast.md) describes how forecasts and returns are
paired.
"""


def _row(report: dict[str, Any]) -> str:
    tests = [report[name]["p_value"] for name in ("kupiec", "independence", "conditional_coverage")]
    cells = [
        f"{report['method']} {report['confidence_bps'] / 100:g} %",
        str(report["observations"]),
        str(report["exceedances"]),
        f"{report['expected_exceedances']:.1f}",
        *(_p_value(value) for value in tests),
        f"{report['basel']['zone']} ({report['basel']['exceedances']})",
    ]
    return f"| {' | '.join(cells)} |"


def _p_value(value: float | None) -> str:
    if value is None:
        return "–"
    return f"**{value:.4f}**" if value < 0.05 else f"{value:.4f}"


def main() -> int:
    """Run on a separate stage; return 1 if the route's results differ from the table's."""
    table = real_table()
    with tempfile.TemporaryDirectory() as home:
        settings = LocalSettings(Path(home) / "stage", ANY_FREE_PORT, ANY_FREE_PORT)
        stage = start_stage(settings, Console(), detached=False, fresh=True)
        try:
            started = time.monotonic()
            publish(stage.hub, table)
            wait_for_forecasts(stage.hub, len(table.closes()))
            seconds = time.monotonic() - started
            found = reports(stage.hub)
            command_output = command_line(stage.hub, "--plot", str(PICTURE))
        finally:
            stage.process.stop()
    wrong = [line for report in found for line in differences(table, report)]
    if wrong:
        sys.stderr.write("\n".join(wrong[:20]) + "\n")
        return 1
    PAGE.write_text(page(table, found, command_output, seconds), encoding="utf-8")
    sys.stdout.write(PAGE.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
