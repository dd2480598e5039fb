"""The page of the hub's costs."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final

from infra.environments import ENVIRONMENTS
from infra.functions import FUNCTIONS
from risk_hub_contracts.base.limits import ITEM_BODY_MAX_BYTES, SEGMENT_MAX_COUNT
from tools.cost.calls import EVENTUAL_FACTOR, Call
from tools.cost.fixed_costs import Cost, fixed_costs
from tools.cost.layouts import (
    break_even_bytes,
    layouts,
    posts_per_second,
    snapshot_size,
    snapshots_per_world,
    this_layout,
)
from tools.cost.log_section import log_section
from tools.cost.prices import ASSUMED, BYTES_PER_GB, MILLION, PRICED, PRICES
from tools.cost.snapshot_flow import RETURNS_OBSERVATIONS
from tools.cost.tables import Flows, header_row, markdown_table, per_million

ON_FIXED_COSTS: Final = """\
A metric is billed for the hours in which it is written, at $0.30 a month, so fewer worlds, stages and
outcomes cost less. The key costs $1 a month, and $1 more after each of its first two yearly rotations; its
requests cost cents. Reserved concurrency and a permissions boundary are free. The web ACL costs $0.60 more for a
million requests. The table leaves out what depends on the stored bytes: tables, bucket, backups, and the archive of prod
([ADR-0024](adr/0024-prove-least-privilege-by-removing-each-grant.md))."""
ON_MOVES: Final = f"""\
Each snapshot is moved once. DynamoDB bills the replacement of an item by its tombstone like the put of the item: its
size before, and a unit for each index entry that it loses. The reads of the mover add little. An object
costs as much as 8 units and holds up to {SEGMENT_MAX_COUNT:,} snapshots: what a world has moved in one run."""


def page(flows: Flows, today: date) -> str:
    """Return the page as Markdown."""
    return f"""# Cost

Written by `make cost` on {today}. Prices: {PRICED}.

The deployed handlers process real requests on an in-memory AWS. Their calls are counted, their items are
measured, and both are priced. Each book has {RETURNS_OBSERVATIONS} undated returns of the portfolio, which stay
inline, and one stress scenario. Its numbers have 17 random digits, and nothing is batched: the most expensive
case.

These values are assumed, because only an account can measure them: {ASSUMED.milliseconds_per_call:g} ms per AWS call,
{ASSUMED.milliseconds_of_work:g} ms of work per invocation, and the log lines of Lambda and of API Gateway. The lines and
metrics of the functions are measured.

## Dollars per million snapshots

{_publishing(flows)}

Of the sum, {_floor(flows)} are the request, invocations, log lines, messages and events, which no layout of the
stores changes. With dated returns, the risk engine writes no note on their first use: ${per_million(_note())}
less.

## Dollars per million reads

{_reads(flows)}

## Dollars per million snapshots moved to history

{_moves(flows)}

## Calls and units of one snapshot

{_calls(flows)}

## Bytes of log of one snapshot

{log_section(flows)}

## The layout of the snapshots table, and the rejected layouts

{_layouts(flows)}

{_break_even(flows)}

## Dollars per month without traffic

{_fixed_costs()}

## Limits of one world

{_limits(flows)}

Worlds do not share a partition. The capacity of the hub therefore grows with the number of worlds, up to the
quotas of the account. [ADR-0055](adr/0055-bounded-hot-window-and-history-in-s3.md) describes how to exceed
these limits, and how to use more than one region.
"""


def _publishing(flows: Flows) -> str:
    sums: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for assets, flow in flows.items():
        for leg in flow.publishing:
            sums[leg.function][assets] += leg.dollars
            sums["**all**"][assets] += leg.dollars
    total = sums.pop("**all**")
    rows = [[name, *(per_million(by[assets]) for assets in flows)] for name, by in sums.items()]
    return markdown_table(
        header_row("function", flows), [*rows, ["**all**", *(per_million(total[a]) for a in flows)]]
    )


def _floor(flows: Flows) -> str:
    """Return the dollars per million snapshots that are not for calls to stores, of the smallest book."""
    publishing = next(iter(flows.values())).publishing
    stores = sum(call.dollars for leg in publishing for call in leg.calls if not call.events)
    return f"${per_million(sum(leg.dollars for leg in publishing) - stores)}"


def _note() -> float:
    """Return the cost of the note on undated returns: an eventually consistent read, a write, and their calls."""
    seconds = 2 * ASSUMED.milliseconds_per_call / 1000
    gb_seconds = FUNCTIONS["risk_engine"].memory_mib / 1024 * seconds
    return EVENTUAL_FACTOR * PRICES.read_unit + PRICES.write_unit + gb_seconds * PRICES.lambda_gb_second_arm64


def _reads(flows: Flows) -> str:
    names = next(iter(flows.values())).reads
    rows = [[name, *(per_million(j.reads[name].dollars) for j in flows.values())] for name in names]
    return markdown_table(header_row("read", flows), rows)


def _moves(flows: Flows) -> str:
    units = {assets: snapshot_size(flow.post.calls).forget_units for assets, flow in flows.items()}
    dollars = {assets: count * PRICES.write_unit for assets, count in units.items()}
    rows = [
        ["write units", *(str(count) for count in units.values())],
        ["$ per million", *(per_million(amount) for amount in dollars.values())],
    ]
    return f"{markdown_table(header_row('of a move', flows), rows)}\n\n{ON_MOVES}"


def _calls(flows: Flows) -> str:
    legs = zip(*(flow.publishing for flow in flows.values()), strict=True)
    rows = [[row[0].function, *(_listed(leg.calls) for leg in row)] for row in legs]
    return markdown_table(header_row("function", flows), rows)


def _listed(calls: Iterable[Call]) -> str:
    return ", ".join(f"{call.operation} {call.units:g}" for call in calls)


def _layouts(flows: Flows) -> str:
    header = [
        "weights",
        "layout",
        "write units",
        "$ per million puts",
        "requests for latest",
        "$ per million",
        "drawback",
    ]
    rows = [
        [
            str(assets),
            layout.name,
            str(layout.put_units) + (" + 1 object" if layout.objects_put else ""),
            per_million(layout.put_dollars),
            str(layout.latest_requests),
            per_million(layout.latest_dollars),
            layout.lacks,
        ]
        for assets, flow in flows.items()
        for layout in layouts(snapshot_size(flow.post.calls))
    ]
    return markdown_table(header, rows)


def _break_even(flows: Flows) -> str:
    size = snapshot_size(next(iter(flows.values())).post.calls)
    return (
        f"With {size.attributes} bytes of other attributes, a body costs less in S3 from {break_even_bytes(size):,} "
        f"bytes on. The limit is\n{ITEM_BODY_MAX_BYTES:,} bytes, because a body in S3 costs one GET more for each read."
    )


def _fixed_costs() -> str:
    stages = ("dev", "prod")
    costs = {name: {cost.what: cost for cost in fixed_costs(ENVIRONMENTS[name])} for name in stages}
    rows = [
        [what, str(cost.count), *(_monthly(costs[name].get(what)) for name in stages)]
        for what, cost in costs["prod"].items()
    ]
    totals = [f"{sum(cost.dollars for cost in costs[name].values()):,.2f}" for name in stages]
    table = markdown_table(["what", "count in prod", *stages], [*rows, ["**all**", "", *totals]])
    return f"{table}\n\n{ON_FIXED_COSTS}"


def _monthly(cost: Cost | None) -> str:
    return "–" if cost is None else f"{cost.dollars:,.2f}"


def _limits(flows: Flows) -> str:
    header = [
        "weights",
        "item, bytes",
        "body in S3, bytes",
        "POSTs per second",
        "snapshots in 10 GB",
        "$ per month for a million stored",
    ]
    rows = []
    for assets, flow in flows.items():
        size = snapshot_size(flow.post.calls)
        in_bucket = size.body if size.body_in_bucket else 0
        kept = size.collection_bytes * PRICES.table_gb_month + in_bucket * PRICES.bucket_gb_month
        rows.append(
            [
                str(assets),
                f"{size.item:,}",
                f"{in_bucket:,}",
                f"{posts_per_second(this_layout(size).put_units):.0f}",
                f"{snapshots_per_world(size):,}",
                f"{kept * MILLION / BYTES_PER_GB:,.2f}",
            ]
        )
    return markdown_table(header, rows)
