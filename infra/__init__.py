"""Infrastructure of the hub: stages, stacks, bundles, and the local stage that runs the same template."""

import sys
from importlib.util import find_spec
from pathlib import Path

# In a fresh shell, `python -m infra.app` finds the contracts of this checkout without PYTHONPATH.
if find_spec("risk_hub_contracts") is None:
    sys.path.append(str(Path(__file__).resolve().parents[1] / "contracts" / "src"))
