"""QueueDepths on SQS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.hub.adapters.aws import dependency
from functions.hub.ports import Dependency

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DEPTH: Final = "ApproximateNumberOfMessages"


@dataclass(frozen=True, slots=True)
class SQSQueueDepths:
    """The queues whose URLs infra gives the monitor; the last part of the URL is the queue's name."""

    sqs: "SQSClient"
    queue_urls: Sequence[str]

    def depths(self) -> Mapping[str, int]:
        """See QueueDepths: one call per queue."""
        return {url.rpartition("/")[2]: self._depth(url) for url in self.queue_urls}

    def _depth(self, url: str) -> int:
        with dependency(Dependency.QUEUES):
            answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[DEPTH])
        return int(answer["Attributes"][DEPTH])
