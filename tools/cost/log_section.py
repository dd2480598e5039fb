"""Section of the page of costs on the bytes of the logs."""

from collections import defaultdict

from tools.cost.prices import ASSUMED
from tools.cost.snapshot_flow import PLATFORM_LOG_BYTES, ingestion_cost
from tools.cost.tables import Flows, header_row, markdown_table, per_million


def log_section(flows: Flows) -> str:
    """Return the bytes of each function's lines, and the price of Lambda's own lines."""
    return f"""{_bytes(flows)}

In dev, Lambda itself logs about {ASSUMED.platform_log_bytes_per_invocation} bytes for each successful
invocation, which would cost ${per_million(_platform_lines(flows))} more. Staging and prod omit these lines
([ADR-0060](adr/0060-omit-lambdas-lines-of-successful-invocations.md))."""


def _bytes(flows: Flows) -> str:
    sums: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for assets, flow in flows.items():
        for leg in flow.publishing:
            sums[leg.function][assets] += leg.log_bytes
        sums["Lambda itself (prod)"][assets] = PLATFORM_LOG_BYTES * len(flow.publishing)
        sums["API Gateway (assumed)"][assets] = ASSUMED.access_log_bytes_per_request
    rows = [[name, *(f"{by[assets]:,}" for assets in flows)] for name, by in sums.items()]
    totals = [f"{sum(by[assets] for by in sums.values()):,}" for assets in flows]
    return markdown_table(header_row("lines of", flows), [*rows, ["**all**", *totals]])


def _platform_lines(flows: Flows) -> float:
    """Return the cost of Lambda's own lines for one snapshot, on a stage that logs them."""
    invocations = len(next(iter(flows.values())).publishing)
    return ingestion_cost(ASSUMED.platform_log_bytes_per_invocation * invocations)
