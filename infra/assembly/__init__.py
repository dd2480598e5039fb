"""Folder of the local stage's committed templates, which `make up` deploys and which record every change."""

from pathlib import Path
from typing import Final

LOCAL_ASSEMBLY: Final = Path(__file__).parent / "local"
ASSETS_FILE: Final = "assets.json"
