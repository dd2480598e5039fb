"""Count the AWS usage of a real adapter: requests, bytes and capacity."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Requests:
    """Hook into a botocore client and record the operations and the bytes of their answers."""

    operations: list[str] = field(default_factory=list)
    response_bytes: int = 0

    def watch(self, client: Any) -> Any:
        client.meta.events.register("before-call.*.*", self._before)
        client.meta.events.register("after-call.*.*", self._after)
        return client

    def clear(self) -> None:
        self.operations.clear()
        self.response_bytes = 0

    def _before(self, model: Any, **_: Any) -> None:
        self.operations.append(model.name)

    def _after(self, http_response: Any, model: Any, **_: Any) -> None:
        # The body of a streaming answer can be read only once, by the adapter.
        is_stream = model.has_streaming_output
        self.response_bytes += (
            int(http_response.headers["Content-Length"]) if is_stream else len(http_response.content)
        )
