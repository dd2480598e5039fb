"""Modules loaded by a handler that is imported using only its unpacked bundle, as Lambda does."""

import json
import os
import platform
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.bundles.build import bundle_zip
from infra.bundles.contents import ARCHITECTURES, WHEEL_MACHINE, Architecture, Bundle
from infra.functions import BUNDLE_OF
from infra.names import BundleGroup, FunctionFolder, handler

IMPORT: Final = """
import importlib, json, sys
bundle, module = sys.argv[1:]
sys.path.insert(0, bundle)
assert callable(importlib.import_module(module).lambda_handler)
found = (getattr(each, "__file__", None) for each in list(sys.modules.values()))
outside = [each for each in found if each and each.startswith("/") and "site-packages" in each]
assert not outside, outside
print(json.dumps(sorted(sys.modules)))
"""
_FOLDERS: Final[list[TemporaryDirectory[str]]] = []
VARIABLES: Final = {
    "RISK_HUB_DEPLOYMENT_STAGE": "dev",
    "RISK_HUB_SNAPSHOTS_TABLE": "snapshots",
    "RISK_HUB_WORLDS_TABLE": "worlds",
    "RISK_HUB_EVALUATIONS_TABLE": "evaluations",
    "RISK_HUB_MARKS_TABLE": "marks",
    "RISK_HUB_POLICIES_TABLE": "policies",
    "RISK_HUB_EVALUATION_RUNS_TABLE": "evaluation_runs",
    "RISK_HUB_SEGMENTS_TABLE": "segments",
    "RISK_HUB_HOT_SECONDS": "604800",
    "RISK_HUB_MOVE_SETTLE_SECONDS": "3600",
    "RISK_HUB_BLOB_GRACE_HOURS": "24",
    "RISK_HUB_BUCKET": "bucket",
    "RISK_HUB_ANCHOR_BUCKET": "anchors",
    "RISK_HUB_ANCHOR_LOCK_DAYS": "1",
    "RISK_HUB_TOKENS_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:000000000000:secret:tokens",
    "RISK_HUB_STAGE_ALLOW_LIST": "backtest,paper,live",
    "RISK_HUB_OFFLOAD": "true",
    "RISK_HUB_INLINE_COV_THRESHOLD": "100",
    "RISK_HUB_RETENTION_DAYS": "30",
    "RISK_HUB_RISK_FALLBACK": "none",
    "RISK_HUB_LEGACY_METHOD": "false",
    "RISK_HUB_BUS_NAME": "bus",
    "RISK_HUB_FAILURE_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/000000000000/failures",
    "RISK_HUB_QUEUE_URLS": "https://sqs.eu-central-1.amazonaws.com/000000000000/failures",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "RiskSignalHub",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def host_architecture() -> Architecture:
    """Return this machine's processor by its bundle's name."""
    (found,) = (each for each in ARCHITECTURES if WHEEL_MACHINE[each] == platform.machine())
    return found


@cache
def unpacked(group: BundleGroup) -> Path:
    """Return a folder with the group's zip for this machine's processor; it is removed with this process."""
    folder = TemporaryDirectory(prefix=f"{group}-")
    _FOLDERS.append(folder)
    zipfile.ZipFile(bundle_zip(Bundle(group, host_architecture()))).extractall(folder.name)
    return Path(folder.name)


@cache
def imported(folder: FunctionFolder) -> tuple[str, ...]:
    """Return the modules that a function's handler loads, in a process that has only its bundle.

    Raises:
        RuntimeError: the import failed; its standard error says why.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            IMPORT,
            str(unpacked(BUNDLE_OF[folder])),
            handler(folder).rpartition(".")[0],
        ],
        env=VARIABLES,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != os.EX_OK:
        raise RuntimeError(done.stderr)
    return tuple(json.loads(done.stdout))
