"""Blobs to upload: the header line, then the numbers, read in pieces and never held twice."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol, Self

from risk_hub_client.regular_files import errors_name, require_regular_file
from risk_hub_client.wire import Chunk
from risk_hub_contracts.base.canonical import canonical_json
from risk_hub_contracts.base.limits import BLOB_HEADER_MAX_BYTES
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import FLOAT_BYTES, MAGIC, BlobFormatError, BlobKind, Decoded, check_size
from risk_hub_contracts.blob.uploads import part_spans

__all__ = ["Blob", "FilePayload", "MemoryPayload", "Payload"]

CHUNK_BYTES: Final = 1_048_576
NEGATIVE_ZERO: Final = b"\x00\x00\x00\x00\x00\x00\x00\x80"


class Payload(Protocol):
    """Bytes that can be read repeatedly, from any offset."""

    @property
    def size_bytes(self) -> int:
        """The number of bytes."""
        ...

    def chunks(self, first_byte: int, size_bytes: int) -> Iterator[Chunk]:
        """Yield `size_bytes` bytes from `first_byte` on."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryPayload:
    """Bytes in memory."""

    data: Chunk

    @property
    def size_bytes(self) -> int:
        """See Payload."""
        return len(self.data)

    def chunks(self, first_byte: int, size_bytes: int) -> Iterator[Chunk]:
        """See Payload."""
        view, end = memoryview(self.data), first_byte + size_bytes
        for start in range(first_byte, end, CHUNK_BYTES):
            yield view[start : min(start + CHUNK_BYTES, end)]


@dataclass(frozen=True, slots=True)
class FilePayload:
    """Bytes in a file, from `offset` on; the file must not change."""

    path: Path
    size_bytes: int
    offset: int = 0

    def chunks(self, first_byte: int, size_bytes: int) -> Iterator[Chunk]:
        """See Payload."""
        with self.path.open("rb") as file:
            file.seek(self.offset + first_byte)
            remaining = size_bytes
            while remaining > 0:
                with errors_name(self.path):
                    chunk = file.read(min(CHUNK_BYTES, remaining))
                if not chunk:
                    return
                remaining -= len(chunk)
                yield chunk


@dataclass(frozen=True, slots=True)
class ZeroedPayload:
    """The numbers of another payload, with 0.0 for each -0.0."""

    numbers: Payload

    @property
    def size_bytes(self) -> int:
        """See Payload."""
        return self.numbers.size_bytes

    def chunks(self, first_byte: int, size_bytes: int) -> Iterator[Chunk]:
        """See Payload."""
        start, end = first_byte - first_byte % FLOAT_BYTES, first_byte + size_bytes
        place = start
        for chunk in self.numbers.chunks(start, end - start + -end % FLOAT_BYTES):
            data = _with_positive_zeros(bytes(chunk))
            yield memoryview(data)[max(first_byte - place, 0) : end - place]
            place += len(data)


@dataclass(frozen=True, slots=True)
class Blob:
    """A whole blob.

    Attributes:
        kind: the component that it holds.
        head: the first bytes, before the payload: the header line, if it was made or parsed here.
        payload: the remaining bytes.
        sha256: hex digest of the whole blob.
    """

    kind: BlobKind
    head: bytes
    payload: Payload
    sha256: str

    @property
    def size_bytes(self) -> int:
        """The size of the whole blob in bytes."""
        return len(self.head) + self.payload.size_bytes

    def chunks(self, first_byte: int = 0, size_bytes: int | None = None) -> Iterator[Chunk]:
        """Yield the blob's bytes, or those of one multipart part."""
        end = self.size_bytes if size_bytes is None else first_byte + size_bytes
        if first_byte < len(self.head):
            yield self.head[first_byte:end]
        start = max(first_byte - len(self.head), 0)
        if end > len(self.head):
            yield from self.payload.chunks(start, end - len(self.head) - start)

    def decode_header(self) -> Decoded:
        """Return the blob's header, decoded, without its numbers.

        Raises:
            BlobFormatError: the header line is wrong, or contradicts the size of the payload.
        """
        return decode(self.head, self.payload.size_bytes)

    def without_negative_zeros(self) -> Self:
        """Return the blob with 0.0 for each -0.0 among its numbers, as the contract encodes inline numbers."""
        payload = self.payload
        if not any(NEGATIVE_ZERO in bytes(chunk) for chunk in payload.chunks(0, payload.size_bytes)):
            return self
        zeroed = replace(self, payload=ZeroedPayload(payload))
        return replace(zeroed, sha256=_digest(zeroed.chunks()))

    def part_digests(self) -> list[str]:
        """Return the SHA-256 of each part of a multipart upload; empty if a single PUT is enough."""
        return [
            _digest(self.chunks(span.first_byte, span.size_bytes)) for span in part_spans(self.size_bytes)
        ]

    @classmethod
    def of_numbers(cls, kind: BlobKind, header: dict[str, object], payload: Payload) -> Self:
        """Build a blob from a header and its numbers (little-endian float64, no -0.0).

        Raises:
            BlobFormatError: the header has no canonical form, or the blob would be too large.
        """
        try:
            head = b" ".join((MAGIC, kind.encode(), canonical_json(header))) + b"\n"
        except ValueError as error:
            raise BlobFormatError(str(error)) from None
        check_size(len(head), payload.size_bytes)
        whole = cls(kind, head, payload, "")
        return cls(kind, head, payload, _digest(whole.chunks()))

    @classmethod
    def of_bytes(cls, data: bytes) -> Self:
        """Read a blob from bytes.

        Raises:
            BlobFormatError: the bytes are not a blob.
        """
        kind, end = decode(data).kind, data.index(b"\n") + 1
        return cls(kind, data[:end], MemoryPayload(memoryview(data)[end:]), _digest(iter((data,))))

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Read a blob from a file: parse its header, compare it with the file size, compute the digest.

        Raises:
            BlobFormatError: the first line is not a blob header, or contradicts the file size.
            OSError: it cannot be read, or is not a regular file.
        """
        require_regular_file(path)
        with path.open("rb") as file, errors_name(path):
            line = file.readline(BLOB_HEADER_MAX_BYTES)
        payload = FilePayload(path, path.stat().st_size - len(line), len(line))
        kind = decode(line, payload.size_bytes).kind
        whole = cls(kind, line, payload, "")
        return cls(kind, line, payload, _digest(whole.chunks()))


def _with_positive_zeros(data: bytes) -> bytes:
    zeroed, place = bytearray(data), data.find(NEGATIVE_ZERO)
    while place >= 0:
        if place % FLOAT_BYTES == 0:
            zeroed[place : place + FLOAT_BYTES] = bytes(FLOAT_BYTES)
        place = data.find(NEGATIVE_ZERO, place + 1)
    return bytes(zeroed)


def _digest(chunks: Iterator[Chunk]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
