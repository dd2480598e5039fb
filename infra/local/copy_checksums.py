"""CopyObject with a requested checksum, as on S3: the emulator supports the header only for uploads."""

from typing import Final

from infra.local.asgi import App, Receive, Scope, Send, header_values

ASKED: Final = b"x-amz-checksum-algorithm"
UNDERSTOOD: Final = b"x-amz-sdk-checksum-algorithm"


def with_copied_checksums(app: App) -> App:
    """Wrap the emulator so that CopyObject computes a checksum of the whole copy on request."""

    async def copying_app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and header_values(scope, b"x-amz-copy-source"):
            asked = [(UNDERSTOOD, value) for name, value in scope["headers"] if name.lower() == ASKED]
            scope = {**scope, "headers": [*scope["headers"], *asked]}
        await app(scope, receive, send)

    return copying_app
