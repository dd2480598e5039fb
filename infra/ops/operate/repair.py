"""Empty the relay's failure queue: have each record announced again, then delete its message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.ops.operate.rate_limiter import Pace
from infra.ops.operate.redrive import Report, receive
from infra.recovery.failed_keys import Key, UnknownMessageError, keys_of
from infra.recovery.relay import Relay
from infra.recovery.replay_requests import NAMED_MAX_RECORDS, requests

Message = dict[str, Any]


@dataclass
class Repaired:
    """Result of a repair: messages done, records announced again, and why each other message stays."""

    messages: int = 0
    announced: int = 0
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Repair:
    """The relay's failure queue of one stage."""

    sqs: Any
    dynamodb: Any
    relay: Relay
    queue_url: str

    def run(self, most: int, pace: Pace, report: Report) -> Repaired:
        """Process up to `most` messages; those that cannot be repaired are returned to the queue.

        Raises:
            OperateError: the relay failed; the current message becomes visible again within a minute.
        """
        repaired = Repaired()
        kept: list[Message] = []
        for number in range(1, most + 1):
            messages = receive(self.sqs, self.queue_url, 1)
            if not messages:
                break
            kept += [message for message in messages if not self._repair(message, repaired, pace)]
            report(number)
        self._give_back(kept)
        return repaired

    def _repair(self, message: Message, repaired: Repaired, pace: Pace) -> bool:
        try:
            keys = keys_of(message["Body"], self.dynamodb)
        except UnknownMessageError as error:
            repaired.left.append(f"message {message['MessageId']}: {error}")
            return False
        faults = self._announce(keys, repaired, pace)
        repaired.left += [f"message {message['MessageId']}: {fault}" for fault in faults]
        if faults:
            return False
        self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        repaired.messages += 1
        return True

    def _announce(self, keys: Sequence[Key], repaired: Repaired, pace: Pace) -> list[str]:
        """Have the records announced; return the errors of those that could not be."""
        faults: list[str] = []
        for request in requests(keys, pace.at_most(NAMED_MAX_RECORDS)):
            answer = self.relay.replay(request)
            repaired.announced += answer["announced"]
            pace.spent(answer["announced"])
            where = f"of world {request['world_id']}"
            faults += [f"{name} {where} is not in the table any more" for name in answer["missing"]]
            faults += [f"what lies under {name} {where} is no record" for name in answer["unreadable"]]
        return faults

    def _give_back(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.sqs.change_message_visibility(
                QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
