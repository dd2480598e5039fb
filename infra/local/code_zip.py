"""Code zips of the functions without their libraries.

Workers run on this machine's Python and use the libraries of the stage's venv. Only `infra.bundles.contents`
decides which files belong to a bundle group.
"""

import io
import zipfile
from typing import Final

from infra.bundles.archive import FIXED_DATE
from infra.bundles.contents import hub_files
from infra.names import BundleGroup

# The zip is built at each start: speed matters, size does not.
COMPRESSION_LEVEL: Final = 1


def build_code_zip(group: BundleGroup) -> bytes:
    """Return the zip of one bundle group; the same sources give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as archive:
        for name, file in hub_files(group).items():
            archive.writestr(zipfile.ZipInfo(name, FIXED_DATE), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
