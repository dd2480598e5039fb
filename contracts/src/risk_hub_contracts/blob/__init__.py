"""The `rsh1` blob: one deterministic file format for the large components of a snapshot.

One line `rsh1 <kind> <canonical JSON header>` with its line feed, then raw little-endian 64-bit floats:

- covariance: header `ids` (sorted by code point) and `layout`. `upper` is the packed upper triangle,
  row-major, n(n+1)/2 values; `factor` is F (n x k, row-major) and then n specific variances.
- realized_returns: header `ids` (sorted), `lengths` and optionally `dates`; one series after the other. A
  bare series has no ids and one length. With `missing`, that many numbers are the quiet NaN
  0x7ff8000000000000: missing observations. Without `missing`, no observation is missing.
- stress: the header is the canonical map of scenarios, and nothing follows.

The same content gives the same bytes, so a file's digest is the leaf of the snapshot's content hash.
`numpy.frombuffer(decoded.payload, "<f8")` reads the numbers without a copy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from risk_hub_contracts.blob.read import decode
    from risk_hub_contracts.blob.types import (
        BlobFormatError,
        BlobKind,
        Covariance,
        Decoded,
        RealizedReturns,
        Stress,
    )
    from risk_hub_contracts.blob.write import (
        digest,
        encode_covariance,
        encode_factor,
        encode_returns,
        encode_stress,
    )

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
_MODULE_OF = {"decode": "read", "digest": "write"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name of the package
    """Import a public name on its first use, so that a function loads only the modules that it uses."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    module = _MODULE_OF.get(name, "write" if name.startswith("encode_") else "types")
    return getattr(import_module(f"{__name__}.{module}"), name)
