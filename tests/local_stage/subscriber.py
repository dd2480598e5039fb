"""A subscriber of alarms on loopback: stores the messages that the example receiver accepts."""

import importlib.util
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

from infra.local.settings import REPOSITORY

SECRET = "a secret of the tests"  # noqa: S105 - signs what tests send
EXAMPLE = REPOSITORY / "docs" / "guides" / "examples" / "alarm_webhook.py"
POLL_SECONDS = 0.1


def example_receiver() -> ModuleType:
    """Load the example of the guide."""
    spec = importlib.util.spec_from_file_location("alarm_webhook", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Subscriber:
    """The received messages, in order."""

    def __init__(self) -> None:
        self.url = ""
        self.envelopes: list[dict[str, str]] = []
        self.arrivals: list[float] = []
        """When each envelope arrived, in seconds since 1970."""

    def states(self, alarm: str) -> list[str]:
        """Return the reported states of one alarm, in order."""
        messages: list[dict[str, Any]] = [json.loads(each["Message"]) for each in self.envelopes]
        return [each["NewStateValue"] for each in messages if each["AlarmName"] == f"risk-hub-local-{alarm}"]

    def wait_for(self, condition: Callable[[], bool], within_seconds: float) -> None:
        deadline = time.monotonic() + within_seconds
        while not condition():
            assert time.monotonic() < deadline, [each["Subject"] for each in self.envelopes]
            time.sleep(POLL_SECONDS)


@contextmanager
def listening() -> Iterator[Subscriber]:
    """Receive on a free port of loopback; messages that the example rejects are refused with 403."""
    subscriber, receiver = Subscriber(), example_receiver()
    trust = receiver.Trust(SECRET)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            envelope = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                receiver.verify(envelope, trust, _nothing_is_fetched, datetime.now(UTC))
            except ValueError:
                self.send_error(403)
                return
            subscriber.arrivals.append(time.time())
            subscriber.envelopes.append(envelope)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Discard the message."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        subscriber.url = f"http://127.0.0.1:{server.server_address[1]}/alarms"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS})
        thread.start()
        try:
            yield subscriber
        finally:
            server.shutdown()
            thread.join()


def _nothing_is_fetched(address: str) -> bytes:
    raise AssertionError(address)
