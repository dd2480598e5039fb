"""The hub's own handlers behind a real HTTP server on loopback, with faults on request."""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from functions.hub.blob_ports import SignedPut
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.uploads import PartSpan
from tests.fakes.answer_validation import UndeclaredAnswerError
from tests.fakes.gateway import Answer, Gateway, proxy_event
from tests.fakes.hub import Hub
from tests.fakes.uploads import MemoryUploads

STORE = "https://blobs.invalid/"


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    size_bytes: int


class Exchange:
    """One request, as a fault sees it."""

    def __init__(self, handler: BaseHTTPRequestHandler, commit: Callable[[], Answer]) -> None:
        self.handler, self.commit = handler, commit

    def send(self, answer: Answer, headers: Mapping[str, str] | None = None, upto: int | None = None) -> None:
        """Send an answer, or only the first bytes of its body."""
        body = answer.body.encode("latin-1" if answer.headers.get("store") else "utf-8")
        self.handler.send_response(answer.status)
        for name, value in {**answer.headers, **(headers or {})}.items():
            if name.lower() not in {"content-length", "date"}:
                self.handler.send_header(name, value)
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body[:upto])

    def cut(self) -> None:
        """Break the connection."""
        self.handler.wfile.flush()
        self.handler.connection.shutdown(socket.SHUT_RDWR)
        self.handler.close_connection = True

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


Fault = Callable[[Exchange], None]


@dataclass
class Server:
    """A running hub.

    Attributes:
        hub: everything behind the handlers.
        faults: faults of the next requests to publish, one each; later requests succeed.
        on: which requests fail: method and the end of the path.
        seen: every request that arrived.
        lie: what the blob store sends instead of its blobs.
        undeclared: answers of the handlers that violate their API description.
    """

    hub: Hub = field(default_factory=Hub)
    faults: deque[Fault] = field(default_factory=deque)
    on: tuple[str, str] = ("POST", "/snapshots")
    seen: list[Seen] = field(default_factory=list)
    url: str = ""
    lie: bytes | None = None
    undeclared: list[UndeclaredAnswerError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gateway: Gateway = self.hub.gateway()
        self.token = self.gateway.headers["Authorization"].removeprefix("Bearer ")
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._at_home(self.hub.uploads)
        self._serving = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._serving.start()

    def close(self) -> None:
        self._http.shutdown()
        self._serving.join()
        self._http.server_close()
        if self.undeclared:
            raise self.undeclared[0]

    def posts(self) -> list[Seen]:
        return [
            seen for seen in self.seen if (seen.method, seen.path.endswith("/snapshots")) == ("POST", True)
        ]

    def _at_home(self, uploads: MemoryUploads) -> None:
        """Direct signed requests to this server: the fake signs for a host that does not exist."""
        put, part, download = uploads.sign_put, uploads.sign_part, self.hub.blobs.download_url
        segment_url = self.hub.segments.download_url

        def sign_put(ref: BlobRef) -> SignedPut:
            return self._moved(put(ref))

        def sign_part(ref: BlobRef, upload_id: str, span: PartSpan, sha256: str) -> SignedPut:
            return self._moved(part(ref, upload_id, span, sha256))

        def download_url(ref: BlobRef) -> str:
            return download(ref).replace(STORE, f"{self.url}/store/")

        def download_segment_url(key: str) -> str:
            return segment_url(key).replace(STORE, f"{self.url}/store/")

        for name, value in (("sign_put", sign_put), ("sign_part", sign_part)):
            setattr(uploads, name, value)
        self.hub.blobs.download_url = download_url  # type: ignore[method-assign]
        self.hub.segments.download_url = download_segment_url  # type: ignore[method-assign]

    def _moved(self, signed: SignedPut) -> SignedPut:
        return SignedPut(signed.url.replace(STORE, f"{self.url}/store/"), signed.headers)

    def answer(self, seen: Seen, body: bytes) -> Answer:
        """Answer as the hub, or as its blob store."""
        if not seen.path.startswith("/store/"):
            return self._hub_answer(proxy_event(seen.method, seen.path, seen.headers.items(), body or None))
        assert "authorization" not in seen.headers, "the store was shown the token"
        if seen.method == "PUT":
            return Answer(self.hub.uploads.send(f"{self.url}{seen.path}", seen.headers, body), {}, "")
        data = self._stored(urlsplit(seen.path).path.removeprefix("/store/"))
        sent = data if self.lie is None else self.lie
        return Answer(200, {"store": "bytes"}, sent.decode("latin-1"))

    def _stored(self, path: str) -> bytes:
        """Return a segment by its key, or a blob by its digest."""
        if path in self.hub.segments.objects:
            return self.hub.segments.objects[path]
        return next(data for ref, (_, data) in self.hub.blobs.objects.items() if ref.endswith(path))

    def _hub_answer(self, event: dict[str, Any]) -> Answer:
        """Return the hub's answer; an undeclared one breaks the connection and fails the test at its end."""
        try:
            return self.gateway.send(event)
        except UndeclaredAnswerError as error:
            self.undeclared.append(error)
            raise ConnectionResetError from error

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _do(self) -> None:
                size_bytes = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size_bytes)
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, size_bytes)
                server.seen.append(seen)
                exchange = Exchange(self, lambda: server.answer(seen, body))
                path = urlsplit(self.path).path
                wanted = seen.method == server.on[0] and path.endswith(server.on[1])
                fault = server.faults.popleft() if wanted and server.faults else well
                try:
                    fault(exchange)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - the library's names

            def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
                return format_datetime(server.hub.clock(), usegmt=True)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                """Discard the message."""

        return Handler


def well(exchange: Exchange) -> None:
    exchange.send(exchange.commit())


def status(code: int, headers: Mapping[str, str] | None = None) -> Fault:
    """Answer with a status instead of doing anything."""
    return lambda exchange: exchange.send(Answer(code, {}, ""), headers)


def answering(code: int, body: str) -> Fault:
    """Answer with a status and a body instead of doing anything."""
    return lambda exchange: exchange.send(Answer(code, {}, body))


def lost_after_commit(exchange: Exchange) -> None:
    exchange.commit()
    exchange.cut()


def cut_before(exchange: Exchange) -> None:
    exchange.cut()


def cut_within(exchange: Exchange) -> None:
    exchange.send(exchange.commit(), upto=20)
    exchange.cut()


def slow(seconds: float) -> Fault:
    """Commit, and answer after every client timeout."""

    def late(exchange: Exchange) -> None:
        answer = exchange.commit()
        exchange.sleep(seconds)
        exchange.send(answer)

    return late


def other_page(exchange: Exchange) -> None:
    exchange.send(Answer(200, {"Content-Type": "text/html"}, "<html>please sign in</html>"))


def elsewhere(exchange: Exchange) -> None:
    exchange.send(Answer(302, {"Location": "https://elsewhere.invalid/"}, ""))


def trickle(exchange: Exchange) -> None:
    """Send so slowly that no single read is late, but the total exceeds the whole budget."""
    body = exchange.commit().body.encode()
    exchange.send(Answer(200, {}, body.decode()), upto=0)
    for place in range(len(body)):
        exchange.handler.wfile.write(body[place : place + 1])
        exchange.sleep(0.1)
