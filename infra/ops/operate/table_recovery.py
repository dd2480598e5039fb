"""Recovery of a table: DynamoDB restores a copy, from which the live table gets its missing items.

Existing items are never replaced: concurrent writers lose nothing, and an interrupted recovery can be
repeated.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from infra import names
from infra.recovery.errors import OperateError, error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WRITERS: Final = 16
POLL_SECONDS: Final = 15
POLLS_MAX_COUNT: Final = 960
"""Four hours: a restore of a large table takes one or two."""


@dataclass(frozen=True, slots=True)
class RestoreCounts:
    """Number of items in the copy, and how many of them the live table lacked."""

    seen: int
    missing: int


def copy_table_name(stage: str, table: names.TableName, instant: datetime) -> str:
    """Return the name of the copy of a table as of an instant (aware, UTC)."""
    return f"{names.table_name(stage, table)}-at-{instant:%Y%m%dT%H%M%SZ}"


def restore_copy(dynamodb: "DynamoDBClient", stage: str, table: names.TableName, instant: datetime) -> str:
    """Restore a table to a new table, wait until it is ready, and return its name.

    Raises:
        OperateError: the stage has no backup for that instant.
    """
    name = copy_table_name(stage, table, instant)
    try:
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=names.table_name(stage, table), TargetTableName=name, RestoreDateTime=instant
        )
    except ClientError as error:
        if error_code(error) in {"PointInTimeRecoveryUnavailableException", "InvalidRestoreTimeException"}:
            raise OperateError(f"Stage {stage} has no backup of {table} for that instant.") from error
        if error_code(error) != "TableAlreadyExistsException":
            raise
    waiter = dynamodb.get_waiter("table_exists")
    waiter.wait(TableName=name, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": POLLS_MAX_COUNT})
    return name


def restore_items(
    dynamodb: "DynamoDBClient",
    copy: str,
    stage: str,
    table: names.TableName,
    *,
    dry_run: bool,
) -> Iterator[RestoreCounts]:
    """Restore the items that are missing from the live table, page by page; yield the counts so far.

    Raises:
        OperateError: there is no such copy of this table.
    """
    live, done = LiveTable(dynamodb, stage, table), RestoreCounts(0, 0)
    _require_copy(dynamodb, copy, live.name)
    process_item = live.is_missing if dry_run else live.put
    with ThreadPoolExecutor(WRITERS) as writers:
        for page in dynamodb.get_paginator("scan").paginate(TableName=copy, ConsistentRead=True):
            missing = sum(writers.map(process_item, page["Items"]))
            done = RestoreCounts(done.seen + len(page["Items"]), done.missing + missing)
            yield done


def _require_copy(dynamodb: "DynamoDBClient", copy: str, live: str) -> None:
    """Check that a table is a copy of the live one: items of another table would be put between its own."""
    copies = [
        name
        for page in dynamodb.get_paginator("list_tables").paginate()
        for name in page["TableNames"]
        if name.startswith(f"{live}-at-")
    ]
    if copy not in copies:
        raise OperateError(f"There is no copy {copy} of {live}. Copies: {', '.join(copies) or 'none'}.")


@dataclass(frozen=True, slots=True)
class LiveTable:
    """The table that the functions use."""

    dynamodb: "DynamoDBClient"
    stage: str
    table: names.TableName

    @property
    def name(self) -> str:
        """Return the physical name."""
        return names.table_name(self.stage, self.table)

    @property
    def partition_key(self) -> str:
        """Return the attribute that every item of the table has."""
        return names.TABLE_KEYS[self.table][0]

    def put(self, item: Mapping[str, Any]) -> bool:
        """Put an item unless its key exists; return whether it was put."""
        condition = f"attribute_not_exists({self.partition_key})"
        try:
            self.dynamodb.put_item(TableName=self.name, Item=item, ConditionExpression=condition)
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def is_missing(self, item: Mapping[str, Any]) -> bool:
        """Return whether no item has this item's key."""
        key = {name: item[name] for name in names.TABLE_KEYS[self.table]}
        found = self.dynamodb.get_item(
            TableName=self.name, Key=key, ConsistentRead=True, ProjectionExpression=self.partition_key
        )
        return "Item" not in found
