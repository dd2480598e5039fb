"""Move a worker's dead letters back to its queue."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.ops.operate.rate_limiter import Pace
from infra.recovery.errors import OperateError, code_of

# Error codes of an SQS without this operation; `UnsupportedOperation` is a different error to report.
NO_MOVE_TASK: Final = frozenset({"InvalidAction", "NotImplemented", "UnknownOperationException"})
POLL_SECONDS: Final = 1.0
RECEIVE_MAX_MESSAGES: Final = 10
RECEIVE_WAIT_SECONDS: Final = 1
HIDDEN_SECONDS: Final = 60
TRACE: Final = "AWSTraceHeader"

Report = Callable[[int], None]
"""Receives the number of messages moved so far."""


@dataclass(frozen=True, slots=True)
class Redrive:
    """Source and destination of dead letters in one SQS."""

    sqs: Any
    source_url: str
    target_url: str

    def move(self, limit: int | None, waiting: int, pace: Pace, report: Report) -> tuple[int, str]:
        """Move the waiting messages; return the number moved and the method.

        A move task has no limit, so a limited redrive receives and sends messages. Both deliver at least
        once.

        Args:
            limit: largest number of messages; None: all.
            waiting: number of messages that wait now; a message that fails again is not taken twice.
            pace: the rate.
            report: receives the progress.

        Raises:
            OperateError: the move task failed.
        """
        if limit is None and self._start_task(pace):
            return self._follow_task(report), "a move task"
        most = waiting if limit is None else min(limit, waiting)
        return self._by_hand(most, pace, report), "receive, send and delete"

    def _start_task(self, pace: Pace) -> bool:
        """Start the task; return whether this SQS supports such tasks.

        The destination is given explicitly: messages that a rule could not deliver have no source queue.
        """
        try:
            self.sqs.start_message_move_task(
                SourceArn=self._arn(self.source_url),
                DestinationArn=self._arn(self.target_url),
                MaxNumberOfMessagesPerSecond=max(1, int(pace.rate_per_second)),
            )
        except ClientError as error:
            if code_of(error) in NO_MOVE_TASK:
                return False
            raise
        return True

    def _follow_task(self, report: Report) -> int:
        while True:
            task = self._task()
            moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
            report(moved)
            if task["Status"] == "COMPLETED":
                return moved
            if task["Status"] in {"FAILED", "CANCELLED"}:
                reason = task.get("FailureReason", "no reason given")
                raise OperateError(
                    f"The move task ended as {task['Status']} after {moved} messages: {reason}. Run the command again."
                )
            time.sleep(POLL_SECONDS)

    def _task(self) -> dict[str, Any]:
        answer = self.sqs.list_message_move_tasks(SourceArn=self._arn(self.source_url), MaxResults=1)
        task: dict[str, Any] = answer["Results"][0]
        return task

    def _arn(self, url: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    def _by_hand(self, most: int, pace: Pace, report: Report) -> int:
        moved = 0
        while moved < most:
            messages = receive(
                self.sqs, self.source_url, min(most - moved, pace.at_most(RECEIVE_MAX_MESSAGES))
            )
            if not messages:
                break
            for message in messages:
                self._move(message)
                moved += 1
                report(moved)
            pace.spent(len(messages))
        return moved

    def _move(self, message: dict[str, Any]) -> None:
        """Send, then delete: if the program dies in between, the message is duplicated and not lost."""
        arguments: dict[str, Any] = {}
        if "MessageAttributes" in message:
            arguments["MessageAttributes"] = message["MessageAttributes"]
        if trace := message.get("Attributes", {}).get(TRACE):
            arguments["MessageSystemAttributes"] = {TRACE: {"DataType": "String", "StringValue": trace}}
        self.sqs.send_message(QueueUrl=self.target_url, MessageBody=message["Body"], **arguments)
        self.sqs.delete_message(QueueUrl=self.source_url, ReceiptHandle=message["ReceiptHandle"])


def receive(sqs: Any, url: str, most: int) -> list[dict[str, Any]]:  # noqa: ANN401 - boto3 client
    """Return up to ten messages with all their attributes; they stay invisible to others for a minute."""
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=min(most, RECEIVE_MAX_MESSAGES),
        VisibilityTimeout=HIDDEN_SECONDS,
        WaitTimeSeconds=RECEIVE_WAIT_SECONDS,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=[TRACE],
    )
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages
