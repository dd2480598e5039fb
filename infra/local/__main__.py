"""Entry point of `python -m infra.local`."""

import sys

try:
    from infra.local.cli import main
except ImportError as error:
    sys.exit(
        f"The environment {sys.prefix} is incomplete ({error}). "
        f"Remove that folder and try again: make up creates it again.",
    )

sys.exit(main())
