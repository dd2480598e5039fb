"""Properties of a process's machine; `python -m tools.portability.process_facts` prints them as JSON."""

import hashlib
import json
import locale
import math
import os
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
from threadpoolctl import threadpool_info

LIBM_SAMPLES = 20_000


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """Properties of a machine that must not affect the suite's results.

    Attributes:
        python: version, for example `3.11`.
        kernels: name of the BLAS kernels that numpy loaded; None for a BLAS that does not report it.
        threads: how many threads that BLAS uses; None as above.
        vectors: instruction sets above the baseline that numpy uses.
        libm: digest of `exp`, `log` and other functions of the C library over a fixed sample.
        at: seconds since 1970-01-01 UTC.
        offset_minutes: the time zone's distance from UTC at that instant.
        encoding: the default text encoding.
        hash_randomization: whether the order of sets differs from process to process.
        umask: permission bits that new files do not get.
        home: the user's home folder.
    """

    python: str
    kernels: str | None
    threads: int | None
    vectors: tuple[str, ...]
    libm: str
    at: float
    offset_minutes: int
    encoding: str
    hash_randomization: bool
    umask: int
    home: str


def process_facts() -> ProcessFacts:
    """Return the properties of this process."""
    blas = [each for each in threadpool_info() if each["user_api"] == "blas"]
    offset = datetime.now(UTC).astimezone().utcoffset()
    umask = os.umask(0)
    os.umask(umask)
    return ProcessFacts(
        python=f"{sys.version_info[0]}.{sys.version_info[1]}",
        kernels=blas[0].get("architecture") if blas else None,
        threads=blas[0].get("num_threads") if blas else None,
        vectors=tuple(vectors_in_use()),
        libm=libm_digest(),
        at=time.time(),
        offset_minutes=int(offset.total_seconds() // 60) if offset else 0,
        encoding=locale.getpreferredencoding(do_setlocale=False),
        hash_randomization=bool(sys.flags.hash_randomization),
        umask=umask,
        home=str(Path.home()),
    )


def vectors_in_use() -> list[str]:
    """Return the instruction sets above its baseline that this numpy was built with and uses in this process."""
    features = np.show_config(mode="dicts")["SIMD Extensions"]
    return list(features.get("found", []))


def libm_digest() -> str:
    """Return a digest of the C library's functions, which round their last bit as the processor's variant does."""
    random = Random(11)
    digest = hashlib.sha256()
    for _ in range(LIBM_SAMPLES):
        value = random.uniform(1e-3, 10.0)
        found = (
            math.exp(value),
            math.log(value),
            math.pow(value, 1.37),
            math.expm1(value),
            math.lgamma(value),
        )
        digest.update(repr(found).encode("ascii"))
    return digest.hexdigest()[:16]


def parse_process_facts(text: str) -> ProcessFacts:
    """Return the properties that another process printed."""
    fields = json.loads(text)
    return ProcessFacts(**{**fields, "vectors": tuple(fields["vectors"])})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(process_facts())) + "\n")
