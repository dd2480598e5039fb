"""One fresh process: 5,000 assets from a packed blob; prints blob, peak, base (MB) and seconds."""

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from functions.measures.covariance.choose_form import choose_form
from risk_hub_contracts import blob
from tools.bench.memory import MB, peak_mb

COUNT, FACTORS = 5_000, 40


def write_blob(path: Path) -> None:
    """Write the blob row by row, so that creating it uses no memory that would be counted."""
    generator = np.random.default_rng(1)
    loadings, specific = generator.normal(0, 0.01, (COUNT, FACTORS)), generator.uniform(1e-5, 1e-4, COUNT)
    header = {"ids": [f"ASSET{i:04}" for i in range(COUNT)], "layout": "upper"}
    with path.open("wb") as file:
        file.write(b"rsh1 covariance " + json.dumps(header, separators=(",", ":")).encode() + b"\n")
        for row, own in enumerate(specific):
            values = loadings[row:] @ loadings[row]
            values[0] += own
            file.write(values.tobytes())


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "packed"
        write_blob(path)
        base, start = peak_mb(), time.perf_counter()
        data = path.read_bytes()
        blob.digest(data)
        decoded = blob.decode(data)
        if not isinstance(decoded, blob.Covariance):
            raise TypeError(decoded.kind)
        form = choose_form(decoded)
        verdict = form.verdict()
        variance = form.product([1 / COUNT] * COUNT).variance
    if verdict.reason is not None or variance <= 0:
        raise RuntimeError(f"the covariance of the benchmark is not usable: {verdict}, variance {variance}")
    seconds = time.perf_counter() - start
    sys.stdout.write(f"{len(data) / MB} {peak_mb()} {base} {seconds}\n")


if __name__ == "__main__":
    main()
