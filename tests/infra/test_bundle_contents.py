import io
import zipfile
from pathlib import Path

import pytest

from infra.bundles.archive import write_zip
from infra.bundles.contents import PROJECT, Bundle, hub_files, is_unused

SHARED_PACKAGES = {
    "announcing",
    "entrypoints",
    "evaluation",
    "history",
    "hub",
    "measures",
    "telemetry",
    "wiring",
}
RISK_CODE = (
    "functions/evaluation/risk/",
    "functions/measures/covariance/",
    "functions/measures/historical.py",
    "functions/measures/exact.py",
)


@pytest.mark.parametrize(
    "path",
    [
        "pydantic-2.14.3.dist-info/METADATA",
        "numpy/linalg/tests/test_linalg.py",
        "numpy/__init__.pyi",
        "pydantic/py.typed",
        "bin/f2py",
        "boto3/data/s3/2006-03-01/resources-1.json",
        "numpy/_core/_umath_tests.cpython-313-aarch64-linux-gnu.so",
        "aws_lambda_powertools/event_handler/api_gateway.py",
        "aws_lambda_powertools/utilities/idempotency/base.py",
    ],
)
def test_files_not_needed_at_runtime_are_excluded_from_bundles(path: str) -> None:
    assert is_unused(path)


@pytest.mark.parametrize(
    "path",
    [
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/sdk-default-configuration.json",
        "botocore/cacert.pem",
        "numpy.libs/libscipy_openblas64_.so",
        "numpy/_core/_multiarray_umath.cpython-313-aarch64-linux-gnu.so",
        "aws_lambda_powertools/utilities/batch/base.py",
        "pydantic/main.py",
        "six.py",
    ],
)
def test_files_needed_at_runtime_are_kept_in_bundles(path: str) -> None:
    assert not is_unused(path)


def test_hub_bundle_contains_only_its_functions_and_no_risk_code() -> None:
    folders = {Path(name).parts[1] for name in hub_files("hub") if name.startswith("functions/")}
    workers = {"stress_engine", "exit_engine"}
    api = {"snapshot_writer", "snapshot_reader", "world_registry"}
    scheduled = {"freshness_monitor", "blob_reaper", "snapshot_mover"}
    assert folders == {"__init__.py", "event_relay", *SHARED_PACKAGES, *scheduled, *api, *workers}
    assert not [name for name in hub_files("hub") if name.startswith(RISK_CODE)]


def test_risk_bundle_contains_only_the_risk_engine_and_the_packages_it_uses() -> None:
    folders = {Path(name).parts[1] for name in hub_files("risk") if name.startswith("functions/")}
    assert folders == {"__init__.py", "risk_engine", *SHARED_PACKAGES}


EVALUATION_CODE = (
    "functions/evaluation/extended/",
    "functions/evaluation/policies/",
    "functions/evaluation/measured_numbers.py",
    "functions/evaluation/store/policy_rows.py",
    "risk_hub_contracts/policies/evaluation_policy.py",
    "risk_hub_contracts/policies/rules/",
    "risk_hub_contracts/rule_engine/",
    "risk_hub_contracts/runs/",
)


def test_evaluation_bundle_contains_only_its_functions_with_policies_and_rules() -> None:
    names = hub_files("evaluation")
    folders = {Path(name).parts[1] for name in names if name.startswith("functions/")}
    deployed = {"anchor_keeper", "evaluation_registry", "evaluator", "extended_validator"}
    assert folders == {"__init__.py", *deployed, *SHARED_PACKAGES - {"announcing", "history"}}
    assert all(any(name.startswith(code) for name in names) for code in EVALUATION_CODE)
    assert not [name for name in names if name.startswith(RISK_CODE[:2])]
    assert {name for name in names if name.startswith("events/")} == {
        f"events/{module}.py" for module in ("__init__", "envelope", "evaluated")
    }


@pytest.mark.parametrize("group", ["hub", "risk"])
def test_other_bundles_contain_no_code_of_evaluation_policies(group: str) -> None:
    names = hub_files("hub" if group == "hub" else "risk")
    assert not [name for name in names if name.startswith(EVALUATION_CODE)]


@pytest.mark.parametrize("group", ["hub", "risk"])
def test_both_bundles_contain_the_contracts_and_the_events_without_their_schemas(group: str) -> None:
    names = set(hub_files("hub" if group == "hub" else "risk"))
    assert {"risk_hub_contracts/__init__.py", "events/__init__.py"} <= names
    assert "events/schemas/risk_snapshot_updated.json" not in names


@pytest.mark.parametrize("name", ["risk_hub_contracts/api/generate.py", "events/samples/risk_evaluated.json"])
def test_hub_bundle_excludes_generators_and_event_samples(name: str) -> None:
    assert name not in hub_files("hub")


@pytest.mark.parametrize("group", ["hub", "risk"])
def test_bundles_exclude_the_client_and_the_command_line(group: str) -> None:
    carried = {Path(name).parts[:2] for name in hub_files("hub" if group == "hub" else "risk")}
    assert not {("risk_hub_contracts", "client"), ("risk_hub_contracts", "cli")} & carried


def test_bundle_files_are_listed_in_sorted_order() -> None:
    assert list(hub_files("risk")) == sorted(hub_files("risk"))


def test_bundle_lock_files_contain_hashes_and_no_urls() -> None:
    for group in ("hub", "risk"):
        lock = Bundle("hub" if group == "hub" else "risk", "arm64").lock.read_text(encoding="utf-8")
        assert "--hash=sha256:" in lock
        assert "://" not in lock


def test_bundle_name_has_no_dot_that_cdk_would_treat_as_an_extension() -> None:
    assert "." not in Bundle("hub", "x86_64").name


def test_zip_bytes_do_not_depend_on_file_order_dates_or_modes(tmp_path: Path) -> None:
    zips = []
    for number, names in enumerate((["b/x.py", "a.py"], ["a.py", "b/x.py"])):
        folder = tmp_path / str(number)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name, encoding="utf-8")
            (folder / name).chmod(0o600 + number)
        write_zip(folder, tmp_path / f"{number}.zip")
        zips.append((tmp_path / f"{number}.zip").read_bytes())
    assert zips[0] == zips[1]
    assert zipfile.ZipFile(io.BytesIO(zips[0])).namelist() == ["a.py", "b/x.py"]


def test_project_root_contains_pyproject_toml() -> None:
    assert (PROJECT / "pyproject.toml").exists()
