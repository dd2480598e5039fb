"""Requests that no HTTP library would let through, written to the socket as they are."""

import socket

READ_CHUNK_BYTES = 65_536


def exchange(port: int, request: bytes) -> bytes:
    """Send bytes and return everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as opened:
        opened.sendall(request)
        received = b""
        while chunk := opened.recv(READ_CHUNK_BYTES):
            received += chunk
    return received


def get(port: int, path: str, *headers: str, version: str = "1.1") -> tuple[int, bytes]:
    """Return status and body of a GET with exactly these header lines."""
    lines = [f"GET {path} HTTP/{version}", *headers, "Connection: close"]
    head, _, body = exchange(port, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")).partition(b"\r\n\r\n")
    return int(head.split()[1]), body
