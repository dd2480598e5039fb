"""Entry point of `python -m infra.ops.operate`: `risk-hub` without its launcher."""

import sys

from infra.ops.operate.cli import main

sys.exit(main())
