"""Host-native code for the functions.

Ours alone: workers run on this machine's Python and find the libraries in the stage's own venv.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra.local.settings import REPOSITORY
from infra.names import BUNDLE_OF, FUNCTION_FOLDERS, BundleGroup

CONTRACT_PACKAGE: Final = Path("contracts/src/risk_hub_contracts")
EVENTS_PACKAGE: Final = Path("events")
FUNCTIONS_PACKAGE: Final = Path("functions")
SHARED_FUNCTION_FOLDER: Final = "hub"
RISK_FOLDER: Final = "risk"
CODE_SUFFIXES: Final = frozenset({".py", ".json"})
ZIP_TIMESTAMP: Final = (1980, 1, 1, 0, 0, 0)


def build_code_zip(group: BundleGroup, repository: Path = REPOSITORY) -> bytes:
    """Return the zip of one bundle group; the same sources give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, file in sorted(code_files(group, repository)):
            archive.writestr(zipfile.ZipInfo(name, ZIP_TIMESTAMP), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def code_files(group: BundleGroup, repository: Path = REPOSITORY) -> Iterator[tuple[str, Path]]:
    """Yield (name in the zip, file) for what the bundle group holds."""
    for root in (CONTRACT_PACKAGE, EVENTS_PACKAGE, FUNCTIONS_PACKAGE):
        for file in (repository / root).rglob("*"):
            name = file.relative_to(repository / root.parent)
            if file.suffix in CODE_SUFFIXES and "__pycache__" not in name.parts and _belongs(name, group):
                yield name.as_posix(), file


def _belongs(name: Path, group: BundleGroup) -> bool:
    if name.parts[0] != FUNCTIONS_PACKAGE.name or len(name.parts) == len(("functions", "file")):
        return True
    folder = name.parts[1]
    own = {each for each in FUNCTION_FOLDERS if BUNDLE_OF[each] == group}
    return folder in own | {SHARED_FUNCTION_FOLDER} or (folder == RISK_FOLDER and group == "risk")
