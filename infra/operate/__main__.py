"""Entry point of `python -m infra.operate`: `risk-hub` without its launcher."""

import sys

from infra.operate.cli import main

sys.exit(main())
