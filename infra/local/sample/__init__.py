"""The sample world: a real book of 20 US equities, its sample covariance and its realised returns."""

from pathlib import Path
from typing import Final

SAMPLE_FILE: Final = Path(__file__).with_name("us20.json")
