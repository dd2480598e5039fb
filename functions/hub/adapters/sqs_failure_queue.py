"""FailureQueue on SQS."""

from dataclasses import dataclass
from typing import Any

import orjson

from functions.hub.adapters.aws import dependency


@dataclass(frozen=True, slots=True)
class SQSFailureQueue:
    """The relay's own failure queue."""

    sqs: Any
    queue_url: str

    def isolate(self, record: dict[str, Any], reason: str) -> None:
        """See FailureQueue. The table still holds the item, so its keys are enough to repair it."""
        message = {
            "reason": reason,
            "source": record.get("eventSourceARN"),
            "event_id": record.get("eventID"),
            "keys": record.get("dynamodb", {}).get("Keys"),
        }
        with dependency("the relay's failure queue"):
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=orjson.dumps(message).decode())
