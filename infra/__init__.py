"""Infrastructure of the hub: stages, stacks, bundles, and the local stage that runs the same template."""

import sys
from importlib.util import find_spec
from pathlib import Path

# In a fresh shell, `python -m infra.cdk.app` finds the packages of this checkout without PYTHONPATH.
for _folder, _package in (("contracts", "risk_hub_contracts"), ("client", "risk_hub_client")):
    if find_spec(_package) is None:
        sys.path.append(str(Path(__file__).resolve().parents[1] / _folder / "src"))
