"""Announce the last records of the previous run again: it may have stopped before the relay announced them.

The emulator does not save the tables' streams, so a record that was stored and not yet relayed would never be
announced. Its neighbours, which were announced, get the same events again, flagged `replay`; consumers ignore
them.
"""

from datetime import datetime, timedelta
from typing import Final

from infra import names
from infra.errors import LocalStageError
from infra.local.aws import LocalAws
from infra.recovery.errors import OperateError
from infra.recovery.failed_keys import keys_put_between
from infra.recovery.relay import REQUEST_MAX_RECORDS, Relay, replay_requests

STAGE: Final = "local"
TABLES: Final[tuple[names.TableName, ...]] = ("snapshots", "evaluations")
# Longer than the relay takes to announce a record, with retries.
UNANNOUNCED_MAX: Final = timedelta(seconds=120)


def announce_again(aws: LocalAws, saved_at: datetime) -> int:
    """Have the relay announce the records of the last seconds before the save; return their number.

    Raises:
        LocalStageError: the relay failed.
    """
    dynamodb, relay = aws.client("dynamodb"), Relay(aws.client("lambda"), STAGE)
    keys = [
        key
        for table in TABLES
        for key in keys_put_between(
            dynamodb,
            names.table_name(STAGE, table),
            saved_at - UNANNOUNCED_MAX,
            saved_at + UNANNOUNCED_MAX,
        )
    ]
    try:
        return sum(
            relay.replay(request)["announced"] for request in replay_requests(keys, REQUEST_MAX_RECORDS)
        )
    except OperateError as error:
        raise LocalStageError(
            f"The last records of the previous run could not be announced: {error}"
        ) from error
