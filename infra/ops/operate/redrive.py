"""Move a worker's dead letters back to its queue."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from infra.ops.operate.rate_limiter import RateLimiter
from infra.recovery.errors import OperateError, error_code
from risk_hub_contracts.base.problem_types import counted

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ListMessageMoveTasksResultEntryTypeDef, MessageTypeDef

# Error codes of an SQS without this operation; `UnsupportedOperation` is a different error to report.
NO_MOVE_TASK: Final = frozenset({"InvalidAction", "NotImplemented", "UnknownOperationException"})
POLL_SECONDS: Final = 1.0
RECEIVE_MAX_MESSAGES: Final = 10
RECEIVE_WAIT_SECONDS: Final = 1
INVISIBLE_SECONDS: Final = 60
TRACE: Final = "AWSTraceHeader"

ReportProgress = Callable[[int], None]
"""Receives the number of messages moved so far."""


@dataclass(frozen=True, slots=True)
class Redrive:
    """Source and destination of dead letters in one SQS."""

    sqs: "SQSClient"
    source_url: str
    target_url: str

    def move(
        self, limit: int | None, waiting: int, rate_limiter: RateLimiter, report: ReportProgress
    ) -> tuple[int, str]:
        """Move the waiting messages; return the number moved and the method.

        A move task has no limit, so a limited redrive receives and sends messages. Both deliver at least
        once.

        Args:
            limit: largest number of messages; None: all.
            waiting: number of messages that wait now; a message that fails again is not taken twice.
            rate_limiter: the rate.
            report: receives the progress.

        Raises:
            OperateError: the move task failed.
        """
        if limit is None and self._start_task(rate_limiter):
            return self._follow_task(report), "a move task"
        max_messages = waiting if limit is None else min(limit, waiting)
        return self._move_one_by_one(max_messages, rate_limiter, report), "receive, send and delete"

    def _start_task(self, rate_limiter: RateLimiter) -> bool:
        """Start the task; return whether this SQS supports such tasks.

        The destination is given explicitly: messages that a rule could not deliver have no source queue.
        """
        try:
            self.sqs.start_message_move_task(
                SourceArn=self._arn(self.source_url),
                DestinationArn=self._arn(self.target_url),
                MaxNumberOfMessagesPerSecond=max(1, int(rate_limiter.rate_per_second)),
            )
        except ClientError as error:
            if error_code(error) in NO_MOVE_TASK:
                return False
            raise
        return True

    def _follow_task(self, report: ReportProgress) -> int:
        while True:
            task = self._task()
            moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
            report(moved)
            if task["Status"] == "COMPLETED":
                return moved
            if task["Status"] in {"FAILED", "CANCELLED"}:
                reason = task.get("FailureReason", "no reason given")
                raise OperateError(
                    f"The move task ended with status {task['Status']} after {counted(moved, 'message')}: {reason}. Retry."
                )
            time.sleep(POLL_SECONDS)

    def _task(self) -> "ListMessageMoveTasksResultEntryTypeDef":
        answer = self.sqs.list_message_move_tasks(SourceArn=self._arn(self.source_url), MaxResults=1)
        return answer["Results"][0]

    def _arn(self, url: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    def _move_one_by_one(self, max_messages: int, rate_limiter: RateLimiter, report: ReportProgress) -> int:
        moved = 0
        while moved < max_messages:
            messages = receive(
                self.sqs,
                self.source_url,
                min(max_messages - moved, rate_limiter.batch_size(RECEIVE_MAX_MESSAGES)),
            )
            if not messages:
                break
            for message in messages:
                self._move(message)
                moved += 1
                report(moved)
            rate_limiter.throttle(len(messages))
        return moved

    def _move(self, message: "MessageTypeDef") -> None:
        """Send, then delete: if the program dies in between, the message is duplicated and not lost."""
        arguments: dict[str, Any] = {}
        if "MessageAttributes" in message:
            arguments["MessageAttributes"] = message["MessageAttributes"]
        if trace := message.get("Attributes", {}).get(TRACE):
            arguments["MessageSystemAttributes"] = {TRACE: {"DataType": "String", "StringValue": trace}}
        self.sqs.send_message(QueueUrl=self.target_url, MessageBody=message["Body"], **arguments)
        self.sqs.delete_message(QueueUrl=self.source_url, ReceiptHandle=message["ReceiptHandle"])


def receive(sqs: "SQSClient", url: str, max_messages: int) -> "list[MessageTypeDef]":
    """Return up to ten messages with all their attributes; they stay invisible to others for a minute."""
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=min(max_messages, RECEIVE_MAX_MESSAGES),
        VisibilityTimeout=INVISIBLE_SECONDS,
        WaitTimeSeconds=RECEIVE_WAIT_SECONDS,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=[TRACE],
    )
    return answer.get("Messages", [])
