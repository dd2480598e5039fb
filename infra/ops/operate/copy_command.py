"""`tables copy-old`: copy the snapshots of release 1.0, then compare both tables and print each world."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra import names
from infra.ops.operate.copied_worlds import CopiedWorld, Verification, verify
from infra.ops.operate.old_snapshots import PAGE_MAX_ITEMS, SnapshotTables, path
from infra.ops.operate.rate_limiter import RateLimiter
from infra.ops.operate.stage_access import Clients
from infra.recovery.errors import OperateError
from risk_hub_client.cli.app import PROGRAM
from risk_hub_client.cli.screen import print_document, print_error, print_line
from risk_hub_contracts.base.problem_types import counted

COPY_RATE_DEFAULT_PER_SECOND: Final = 100.0
BUCKET_OUTPUT: Final = "BucketName"
DIGEST_SHOWN_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """An operator's request.

    Attributes:
        after: `world/version` of the item behind which to begin; None: begin with the first.
        rate: the largest number of puts in a second.
        dry_run: only compare.
    """

    stage_name: str
    after: str | None
    rate: float
    dry_run: bool
    json: bool


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was put, and what the comparison found."""

    put: int
    verification: Verification


def copy_old_snapshots(request: CopyRequest, aws: Clients) -> CopyReport:
    """Copy, verify and print.

    Raises:
        OperateError: a table does not exist, or the new table lacks a snapshot of the old one.
    """
    tables = tables_of(aws, request.stage_name)
    tables.require()
    put = 0 if request.dry_run else copy_pages(tables, request)
    report = CopyReport(put, verify(tables.pages(None, PAGE_MAX_ITEMS, datetime.now(UTC))))
    _show(report, tables, request)
    if not report.verification.passed:
        raise OperateError(f"{tables.new} is not a full copy: {report.verification.reasons()}")
    return report


def tables_of(aws: Clients, stage: str) -> SnapshotTables:
    """Return both tables of a stage, and its bucket."""
    stack = names.stack_name(stage, "data")
    found: dict[str, Any] = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return SnapshotTables(
        aws.client("dynamodb"),
        aws.client("s3"),
        names.old_snapshots_table_name(stage),
        names.table_name(stage, "snapshots"),
        outputs[BUCKET_OUTPUT],
    )


def copy_pages(tables: SnapshotTables, request: CopyRequest) -> int:
    """Copy page by page; after a failure, print the command that continues."""
    limiter, put, reached = RateLimiter(request.rate), 0, request.after
    limit = limiter.batch_size(PAGE_MAX_ITEMS)
    try:
        for page in tables.pages(_start_key(request.after), limit, datetime.now(UTC)):
            copied = tables.copy(page)
            put, reached = put + copied, path(page[-1].old) if page else reached
            limiter.throttle(copied)
    except (ClientError, BotoCoreError, KeyboardInterrupt):
        print_error(_resume_command(put, reached, request))
        raise
    return put


def _start_key(after: str | None) -> dict[str, Any] | None:
    if after is None:
        return None
    world, _, version = after.partition("/")
    return {"world_id": {"S": world}, "version": {"S": version}}


def _resume_command(put: int, reached: str | None, request: CopyRequest) -> str:
    words = ["tables", "copy-old", "--stage-name", request.stage_name, "--rate", f"{request.rate:g}"]
    words += ["--after", reached] if reached else []
    return f"Stopped after {counted(put, 'copy', 'copies')}. Continue with: {PROGRAM} {shlex.join(words)}"


def _show(report: CopyReport, tables: SnapshotTables, request: CopyRequest) -> None:
    found = report.verification
    if request.json:
        print_document(
            {
                "from": tables.old,
                "to": tables.new,
                "put": report.put,
                "missing": found.missing,
                "moved": found.moved,
                "different": found.different,
                "worlds": [{"world_id": world, **_facts(each)} for world, each in found.worlds.items()],
            }
        )
        return
    for world, each in found.worlds.items():
        print_line(world_line(world, each))
    print_line(f"Put {counted(report.put, 'copy', 'copies')} from {tables.old} into {tables.new}.")


def _facts(world: CopiedWorld) -> dict[str, Any]:
    return {
        "old": {"snapshots": world.old.count, "digest": world.old.digest},
        "new": {"snapshots": world.new.count, "digest": world.new.digest},
    }


def world_line(world: str, found: CopiedWorld) -> str:
    """Return the count and the digest of a world in both tables, as text."""
    old, new = found.old, found.new
    digests = [each.digest[:DIGEST_SHOWN_CHARS] for each in (old, new)]
    if old == new:
        return f"{world}: {counted(old.count, 'snapshot')}, digest {digests[0]} in both tables"
    return f"{world}: {counted(old.count, 'snapshot')}, digest {digests[0]}; copies: {new.count}, digest {digests[1]}"
