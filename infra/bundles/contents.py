"""Contents of a bundle, and the files left out, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Literal

from infra.functions import BUNDLE_OF, FUNCTION_FOLDERS
from infra.names import BUNDLE_GROUPS, BundleGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

Architecture = Literal["arm64", "x86_64"]

PROJECT: Final = Path(__file__).parents[2]
PYTHON: Final = (3, 13)
ARCHITECTURES: Final[tuple[Architecture, ...]] = ("arm64", "x86_64")
WHEEL_MACHINE: Final[dict[Architecture, str]] = {"arm64": "aarch64", "x86_64": "x86_64"}
# Newest first; with `manylinux2014` alone, pip would resolve an old numpy without a warning.
WHEEL_PLATFORMS: Final = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")

HUB_MAX_BYTES: Final = 6_000_000
RISK_MAX_BYTES: Final = 20_000_000
EVALUATION_MAX_BYTES: Final = 6_000_000
MAX_BYTES: Final[dict[BundleGroup, int]] = {
    "hub": HUB_MAX_BYTES,
    "risk": RISK_MAX_BYTES,
    "evaluation": EVALUATION_MAX_BYTES,
}

_SHARED_PACKAGES: Final = (
    "functions/__init__.py",
    "functions/announcing",
    "functions/entrypoints",
    "functions/evaluation",
    "functions/history",
    "functions/hub",
    "functions/measures",
    "functions/telemetry",
    "functions/wiring",
    "events",
)
# Modules that only the risk engine imports.
_RISK_ONLY: Final = (
    "functions/evaluation/risk/",
    "functions/measures/covariance/",
    *(
        f"functions/measures/{module}.py"
        for module in (
            "attribution",
            "concentration",
            "exact",
            "frequency",
            "historical",
            "measures",
            "performance",
            "profiles",
            "returns",
            "returns_table",
            "series_profile",
            "sharpe",
        )
    ),
)
# Modules that only functions of the bundle `evaluation` import.
_EVALUATION_ONLY: Final = (
    "functions/evaluation/evaluations/",
    "functions/evaluation/extended/",
    "functions/evaluation/policies/",
    "functions/evaluation/measured_numbers.py",
    "functions/evaluation/rollout/",
    "functions/evaluation/runs/",
    "functions/evaluation/store/dynamodb_activations.py",
    "functions/evaluation/store/dynamodb_evaluation_policies.py",
    "functions/evaluation/store/dynamodb_rollout.py",
    "functions/evaluation/store/policy_rows.py",
    "functions/measures/position_change.py",
    "risk_hub_contracts/api/policy_queries.py",
    "risk_hub_contracts/api/run_queries.py",
    "risk_hub_contracts/base/name_types.py",
    "risk_hub_contracts/evaluations/",
    "risk_hub_contracts/policies/activation.py",
    "risk_hub_contracts/policies/evaluation_checks.py",
    "risk_hub_contracts/policies/evaluation_policy.py",
    "risk_hub_contracts/policies/rollout.py",
    "risk_hub_contracts/policies/rules/",
    "risk_hub_contracts/policies/stored_policy.py",
    "risk_hub_contracts/rule_engine/",
    "risk_hub_contracts/runs/",
)
# Modules of other workers and of the snapshots' history, which no function of the bundle `evaluation` imports.
_NOT_IN_EVALUATION: Final = (
    "events/exit_signal_emitted.py",
    "events/risk_snapshot_updated.py",
    "functions/announcing/",
    "functions/evaluation/backtest/",
    "functions/evaluation/exits/",
    "functions/evaluation/risk/",
    "functions/evaluation/stress/",
    "functions/history/",
    "functions/evaluation/exit_state.py",
    "functions/evaluation/store/dynamodb_exit_journal.py",
    "functions/evaluation/store/dynamodb_forecasts.py",
    "functions/evaluation/store/dynamodb_input_notes.py",
    "functions/evaluation/store/dynamodb_policy_versions.py",
    *(
        f"functions/hub/adapters/{module}.py"
        for module in (
            "dynamodb_blob_marks",
            "dynamodb_metered_worlds",
            "dynamodb_registry",
            "s3_blob_inventory",
            "s3_uploads",
            "sqs_queue_depths",
        )
    ),
    "functions/hub/domain/freshness.py",
    "functions/hub/domain/token_expiry.py",
    *(
        f"functions/hub/use_cases/{module}.py"
        for module in (
            "list_worlds",
            "publish_snapshot",
            "read_blob",
            "reap_blobs",
            "register_policies",
            "register_worlds",
            "upload_blobs",
            "verify_refs",
            "watch_freshness",
        )
    ),
    "functions/measures/attribution.py",
    "functions/measures/backtest.py",
    "functions/measures/covariance/",
)
_HUB_FILE_SUFFIXES: Final = frozenset({".py", ".json"})
# Modules that the bundle of a group leaves out, besides those that every bundle leaves out.
_LEFT_OUT: Final[dict[BundleGroup, tuple[str, ...]]] = {
    "hub": (*_RISK_ONLY, *_EVALUATION_ONLY),
    "risk": _EVALUATION_ONLY,
    "evaluation": _NOT_IN_EVALUATION,
}
# Modules of the hub that are used only by authors of the contract and tests, and by callers of the hub.
_EXCLUDED_MODULES: Final = (
    "events/generate.py",
    "events/invocations/",
    "events/models.py",
    "events/samples/",
    "events/schemas/",
    "risk_hub_contracts/api/generate.py",
    "risk_hub_contracts/api/metrics_page.py",
    "risk_hub_contracts/api/openapi/",
    "risk_hub_contracts/api/schema_transforms.py",
    "risk_hub_contracts/api/schemas.py",
    "risk_hub_contracts/api/upload_answers.py",
    "risk_hub_contracts/client.py",
    "risk_hub_contracts/compatibility/",
    "risk_hub_contracts/golden/",
    "risk_hub_contracts/snapshot/request_schema.py",
)

# Folders that are never imported at run time, by the end of their path.
_UNUSED_FOLDERS: Final = (
    "tests",
    "__pycache__",
    "bin",  # console scripts of the wheels
    "aws_lambda_powertools/event_handler",  # the functions have their own router (ADR-0073)
    "aws_lambda_powertools/metrics/provider/datadog",
    "backports/zstd/_cffi",  # for interpreters other than CPython
    "backports/zstd/zipfile",
    "boto3",  # the adapters use botocore's clients, and no other package needs boto3
    "s3transfer",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/_pyinstaller",
    "numpy/f2py",
    "numpy/random/lib",
    "numpy/testing",
    "pydantic/experimental",
    "pydantic/v1",
    "urllib3/contrib/emscripten",
    *(
        f"aws_lambda_powertools/utilities/{utility}"
        for utility in (
            "auth_alpha",
            "circuit_breaker",
            "data_masking",
            "feature_flags",
            "idempotency",
            "kafka",
            "parameters",
            "parser",
            "streaming",
            "validation",
        )
    ),
)
# Type stubs, C sources and headers, documentation pages, time zones that the runtime already has, and modules
# of other platforms and tools.
_UNUSED_SUFFIXES: Final = (
    ".pyi",
    ".typed",
    ".pxd",
    ".pyx",
    ".c",
    ".h",
    ".js",
    ".css",
    "/annotated_types/test_cases.py",
    *(
        f"/aws_lambda_powertools/utilities/data_classes/{event}_event.py"
        for event in (
            "active_mq",
            "api_gateway_authorizer",
            "cognito_user_pool",
            "iot_registry",
            "rabbit_mq",
            "s3_object",
        )
    ),
    "/backports/zstd/tarfile.py",
    "/botocore/crt/auth.py",
    "/botocore/stub.py",
    "/conftest.py",
    "/dateutil-zoneinfo.tar.gz",
    "/dateutil/rrule.py",
    "/dateutil/tz/win.py",
    "/pydantic/color.py",
    "/pydantic/mypy.py",
    "/urllib3/contrib/pyopenssl.py",
    "/urllib3/contrib/socks.py",
    "/urllib3/http2/connection.py",  # only for HTTP/2, which botocore does not use
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle to build: a group of functions for one processor architecture."""

    group: BundleGroup
    architecture: Architecture

    @property
    def name(self) -> str:
        """Return the name, such as `hub-arm64`; without a dot, which CDK would take for a file extension."""
        return f"{self.group}-{self.architecture}"

    @property
    def lock(self) -> Path:
        """Return the path of the group's hashed requirements; `evaluation` has those of `hub`."""
        name = "risk" if self.group == "risk" else "hub"
        return PROJECT / "requirements" / f"{name}.txt"


ALL_GROUPS: Final = BUNDLE_GROUPS


def hub_files(group: BundleGroup) -> dict[str, Path]:
    """Return the hub's own files of a group: path inside the zip to file, in the zip's order."""
    folders = tuple(f"functions/{folder}" for folder in FUNCTION_FOLDERS if BUNDLE_OF[folder] == group)
    files = {
        path.relative_to(PROJECT).as_posix(): path
        for place in (*_SHARED_PACKAGES, *folders)
        for path in _sources(PROJECT / place)
    }
    contracts = PROJECT / "contracts" / "src"
    files |= {
        path.relative_to(contracts).as_posix(): path for path in _sources(contracts / "risk_hub_contracts")
    }
    left_out = (*_EXCLUDED_MODULES, *_LEFT_OUT[group])
    return {name: path for name, path in sorted(files.items()) if not name.startswith(left_out)}


def is_unused(path: str) -> bool:
    """Return whether an installed file (path relative to the install) is left out of the bundle."""
    parts = PurePosixPath(path).parts
    return (
        parts[0].endswith(".dist-info")
        or any(f"/{folder}/" in f"/{path}" for folder in _UNUSED_FOLDERS)
        or f"/{path}".endswith(_UNUSED_SUFFIXES)
        or "_tests.cpython" in parts[-1]
    )


def _sources(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for path in place.rglob("*"):
        if path.suffix in _HUB_FILE_SUFFIXES and "__pycache__" not in path.parts:
            yield path
