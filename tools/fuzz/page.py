"""The page of requests, answers and findings of `make fuzz`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from tools.fuzz.engine import INTENDED, Tally

SHOWN_FINDINGS: Final = 20


def page(
    tally: Tally, declared: Sequence[str], checks: Sequence[str], unused_checks: Mapping[str, str]
) -> str:
    """Return the page of one run.

    Args:
        tally: what the run counted.
        declared: every operation of the API description.
        checks: the checks that were in use.
        unused_checks: checks that were not, with the reason.
    """
    server_errors = sum(count for status, count in tally.by_status().items() if status >= 500)
    undeclared = sum(
        finding.check in {"status_code_conformance", "declared_answer"} for finding in tally.findings
    )
    called = [name for name in declared if name in tally.operations()]
    phases = "\n".join(f"| {phase} | {count} |" for phase, count in tally.cases.items())
    followed = "\n".join(f"| {name} | {count} |" for name, count in sorted(tally.followed.items()))
    return f"""# Generated requests against a live stage

Written by `make fuzz` on {datetime.now(UTC).date()}. The run took {tally.seconds:.0f} s.

schemathesis sent requests over HTTP to the front server of a local stage on loopback, as the
[API description](../contracts/openapi.json) defines them: its examples, the boundary values of every schema, random
requests, and sequences along the links of the description. Each answer passed {len(checks)} checks; one of them validates it
against the closed schemas. The test suite runs the same phases against the handlers.

| counted | |
|---|---|
| operations called | {len(called)} of {len(declared)} |
| requests | {tally.cases.total()} |
| **answers with a status of 5xx** | **{server_errors}** |
| **undeclared answers** | **{undeclared}** |
| **findings, at most one per check and operation** | **{len(tally.findings)}** |

| phase | requests |
|---|---|
{phases}

| operation | answers by status |
|---|---|
{_operations(tally, declared)}

| followed link | times |
|---|---|
{followed}

| unused check | reason |
|---|---|
{_reasons(unused_checks)}
{_findings(tally)}"""


def _operations(tally: Tally, declared: Sequence[str]) -> str:
    rows = []
    for name in declared:
        counts = sorted(
            (status, count) for (operation, status), count in tally.statuses.items() if operation == name
        )
        shown = ", ".join(f"{status}: {count}" for status, count in counts)
        rows.append(f"| {name} | {shown or 'not called'} |")
    return "\n".join(rows)


def _reasons(unused_checks: Mapping[str, str]) -> str:
    at_one = {f"{check} at {operation}": why for (check, operation), why in INTENDED.items()}
    return "\n".join(f"| {name} | {why} |" for name, why in {**unused_checks, **at_one}.items())


def _findings(tally: Tally) -> str:
    if not tally.findings and not tally.errors:
        return ""
    blocks = [f"```\n{finding}\n```" for finding in tally.findings[:SHOWN_FINDINGS]]
    blocks += [f"```\nThe engine failed: {error}\n```" for error in tally.errors[:SHOWN_FINDINGS]]
    return "\n## Findings\n\n" + "\n\n".join(blocks) + "\n"
