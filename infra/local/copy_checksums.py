"""CopyObject with a requested checksum, as on S3: the emulator supports the header only for uploads."""

from typing import Final

from infra.local.asgi import App, Receive, Scope, Send, header_values

REQUESTED_ALGORITHM_HEADER: Final = b"x-amz-checksum-algorithm"
SUPPORTED_ALGORITHM_HEADER: Final = b"x-amz-sdk-checksum-algorithm"


def with_copy_checksums(app: App) -> App:
    """Wrap the emulator so that CopyObject computes a checksum of the whole copy on request."""

    async def copying_app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and header_values(scope, b"x-amz-copy-source"):
            algorithm_headers = [
                (SUPPORTED_ALGORITHM_HEADER, value)
                for name, value in scope["headers"]
                if name.lower() == REQUESTED_ALGORITHM_HEADER
            ]
            scope = {**scope, "headers": [*scope["headers"], *algorithm_headers]}
        await app(scope, receive, send)

    return copying_app
