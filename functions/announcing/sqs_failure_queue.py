"""FailureQueue on SQS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from functions.hub.adapters.aws import dependency
from functions.hub.ports import Dependency

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class SQSFailureQueue:
    """The relay's own failure queue."""

    sqs: "SQSClient"
    queue_url: str

    def isolate(self, record: dict[str, Any], reason: str) -> None:
        """See FailureQueue. The table still holds the item, so its keys are enough to repair it."""
        message = {
            "reason": reason,
            "source": record.get("eventSourceARN"),
            "event_id": record.get("eventID"),
            "keys": record.get("dynamodb", {}).get("Keys"),
        }
        with dependency(Dependency.FAILURE_QUEUE):
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=orjson.dumps(message).decode())
