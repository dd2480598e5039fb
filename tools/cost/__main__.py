"""`python -m tools.cost`: count, price, and write docs/cost.md."""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from tools.cost.page import page
from tools.cost.snapshot_flow import measure_flows

SIZES = (20, 500, 5_000)
PAGE = Path(__file__).parents[2] / "docs" / "cost.md"


def main() -> None:
    """Write the page and print it."""
    logging.disable(logging.CRITICAL)
    text = page(measure_flows(SIZES), datetime.now(UTC).date())
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
