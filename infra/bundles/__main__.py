"""`python -m infra.bundles [--arch arm64|x86_64] [--out DIR]`: build the bundles and print their sizes."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.bundles.build import BUILD_FOLDER, bundle_zip
from infra.bundles.contents import ALL_GROUPS, ARCHITECTURES, MAX_BYTES, Bundle
from infra.errors import BundleError
from infra.names import LAMBDA_ARCHITECTURE

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Build every bundle; return 0, or 1 with the reason if one cannot be built."""
    parser = argparse.ArgumentParser(prog="python -m infra.bundles", description=__doc__)
    parser.add_argument("--arch", choices=ARCHITECTURES, default=LAMBDA_ARCHITECTURE)
    parser.add_argument("--out", type=Path, default=BUILD_FOLDER, help="folder of the zips")
    options = parser.parse_args(arguments)
    try:
        for group in ALL_GROUPS:
            _build(Bundle(group, options.arch), options.out)
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return os.EX_OK


def _build(bundle: Bundle, out: Path) -> None:
    target = out / f"{bundle.name}.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(bundle_zip(bundle), target)
    size_bytes = target.stat().st_size
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    share = size_bytes / MAX_BYTES[bundle.group]
    sys.stdout.write(f"{target}  {size_bytes:,} bytes ({share:.0%} of its budget)  sha256 {digest}\n")


if __name__ == "__main__":
    sys.exit(main())
