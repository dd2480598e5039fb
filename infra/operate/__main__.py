"""Entry point of `python -m infra.operate`."""

import sys

from infra.operate.cli import main

sys.exit(main())
