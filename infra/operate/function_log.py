"""What a function wrote of late."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from infra.names import FunctionFolder, log_group_name
from infra.operate.errors import OperateError
from infra.operate.stage_access import Clients


def log_lines(aws: Clients, stage: str, folder: FunctionFolder, minutes: int, text: str) -> Iterator[str]:
    """Yield the lines of the last minutes that hold the text, oldest first; an empty text is in every line.

    Raises:
        OperateError: the stage has no such log.
    """
    group = log_group_name(stage, folder)
    since = datetime.now(tz=UTC) - timedelta(minutes=minutes)
    try:
        for event in _events(aws, group, int(since.timestamp() * 1000)):
            if text in event["message"]:
                yield event["message"].rstrip("\n")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise OperateError(f"There is no log group {group}: is the stage deployed?") from error


def _events(aws: Clients, group: str, since_milliseconds: int) -> Iterator[dict[str, Any]]:
    pages = aws.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, startTime=since_milliseconds):
        yield from page["events"]
