"""Empty the relay's failure queue: have each record announced again, then delete its message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from infra.ops.operate.rate_limiter import RateLimiter
from infra.ops.operate.redrive import ReportProgress, receive
from infra.recovery.failed_keys import Key, UnknownMessageError, record_keys
from infra.recovery.relay import REQUEST_MAX_RECORDS, Relay, replay_requests

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

Message: TypeAlias = "MessageTypeDef"


@dataclass
class RepairResult:
    """Result of a repair: messages done, records announced again, and why each other message stays."""

    messages: int = 0
    announced: int = 0
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Repair:
    """The relay's failure queue of one stage."""

    sqs: "SQSClient"
    dynamodb: "DynamoDBClient"
    relay: Relay
    queue_url: str

    def run(self, max_messages: int, rate_limiter: RateLimiter, report: ReportProgress) -> RepairResult:
        """Process up to `max_messages` messages; those that cannot be repaired are returned to the queue.

        Raises:
            OperateError: the relay failed; the current message becomes visible again within a minute.
        """
        repaired = RepairResult()
        kept: list[Message] = []
        for number in range(1, max_messages + 1):
            messages = receive(self.sqs, self.queue_url, 1)
            if not messages:
                break
            kept += [message for message in messages if not self._repair(message, repaired, rate_limiter)]
            report(number)
        self._return_to_queue(kept)
        return repaired

    def _repair(self, message: Message, repaired: RepairResult, rate_limiter: RateLimiter) -> bool:
        try:
            keys = record_keys(message["Body"], self.dynamodb)
        except UnknownMessageError as error:
            repaired.left.append(f"message {message['MessageId']}: {error}")
            return False
        failures = self._announce(keys, repaired, rate_limiter)
        repaired.left += [f"message {message['MessageId']}: {failure}" for failure in failures]
        if failures:
            return False
        self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        repaired.messages += 1
        return True

    def _announce(self, keys: Sequence[Key], repaired: RepairResult, rate_limiter: RateLimiter) -> list[str]:
        """Have the records announced; return the errors of those that could not be."""
        failures: list[str] = []
        for request in replay_requests(keys, rate_limiter.batch_size(REQUEST_MAX_RECORDS)):
            answer = self.relay.replay(request)
            repaired.announced += answer["announced"]
            rate_limiter.throttle(answer["announced"])
            where = f"of world {request['world_id']}"
            failures += [f"{name} {where} is no longer in the table" for name in answer["missing"]]
            failures += [f"the item under {name} {where} is not a record" for name in answer["unreadable"]]
        return failures

    def _return_to_queue(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.sqs.change_message_visibility(
                QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
