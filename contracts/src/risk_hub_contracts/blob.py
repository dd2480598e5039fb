"""The `rsh1` blob: one deterministic file format for the large components of a snapshot.

One line `rsh1 <kind> <canonical JSON header>` with its line feed, then raw little-endian 64-bit floats:

- covariance: header `ids` (sorted by code point) and `layout`. `upper` is the packed upper triangle,
  row-major, n(n+1)/2 values; `factor` is F (n x k, row-major) and then n specific variances.
- realized_returns: header `ids` (sorted), `lengths` and optionally `dates`; one series after the other. A
  bare series has no ids and one length.
- stress: the header is the canonical map of scenarios, and nothing follows.

The same content gives the same bytes, so a file's digest is the leaf of the snapshot's content hash.
`numpy.frombuffer(decoded.payload, "<f8")` reads the numbers without a copy.
"""

from risk_hub_contracts.blob_read import decode
from risk_hub_contracts.blob_types import (
    BlobFormatError,
    BlobKind,
    Covariance,
    Decoded,
    RealizedReturns,
    Stress,
)
from risk_hub_contracts.blob_write import (
    encode_covariance,
    encode_factor,
    encode_returns,
    encode_stress,
)
from risk_hub_contracts.canonical import sha256_hex

__all__ = [
    "BlobFormatError",
    "BlobKind",
    "Covariance",
    "Decoded",
    "RealizedReturns",
    "Stress",
    "decode",
    "digest",
    "encode_covariance",
    "encode_factor",
    "encode_returns",
    "encode_stress",
]


def digest(data: bytes | memoryview) -> str:
    """Return the SHA-256 of a blob, 64 hex digits: its name in the store and its leaf in the content hash."""
    return sha256_hex(data)
