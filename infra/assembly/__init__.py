"""Where the committed templates of the local stage lie: what `make up` deploys, and the record of every change to it."""

from pathlib import Path
from typing import Final

LOCAL_ASSEMBLY: Final = Path(__file__).parent / "local"
ASSETS_FILE: Final = "assets.json"
