import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from infra.bundles import __main__ as command
from infra.bundles import build, wheels
from infra.bundles.aws_models import CALLED_OPERATIONS
from infra.bundles.build import bundle_zip
from infra.bundles.contents import (
    ALL_GROUPS,
    ARCHITECTURES,
    HUB_MAX_BYTES,
    MAX_BYTES,
    PROJECT,
    PYTHON,
    WHEEL_MACHINE,
    Bundle,
    hub_files,
)
from infra.errors import BundleError
from infra.functions import FUNCTION_FOLDERS
from infra.names import FunctionFolder
from tools.bench.isolated import imported, unpacked
from tools.bench.processes import from_bundle

needs_runtime_python = pytest.mark.skipif(
    sys.version_info[:2] != PYTHON,
    reason=f"bundles carry bytecode of Python {PYTHON[0]}.{PYTHON[1]}, which this Python cannot make",
)

UNPACKED_MAX_BYTES = 250 * 1024 * 1024
# Flags of a .pyc that is loaded without a check of its source (PEP 552).
UNCHECKED_HASH = b"\x01\x00\x00\x00"
HUB = Bundle("hub", "arm64")
RISK = Bundle("risk", "arm64")
BUNDLES = [Bundle(group, architecture) for group in ALL_GROUPS for architecture in ARCHITECTURES]
# awscrt alone adds 40 ms to a cold start; numpy is for the risk engine above 200 assets.
SLOW = {"awscrt", "aws_xray_sdk", "boto3", "numpy", "s3transfer"}
HTTP_FUNCTIONS: tuple[FunctionFolder, ...] = (
    *("snapshot_writer", "snapshot_reader"),
    *("world_registry", "evaluation_registry", "evaluator"),
)


@cache
def archive(bundle: Bundle) -> zipfile.ZipFile:
    return zipfile.ZipFile(bundle_zip(bundle))


@needs_runtime_python
def test_clean_bundle_rebuild_produces_the_same_bytes(tmp_path: Path) -> None:
    build.build(HUB, tmp_path / "again.zip", wheels_folder=tmp_path / "elsewhere")
    again = hashlib.sha256((tmp_path / "again.zip").read_bytes()).hexdigest()
    assert again == hashlib.sha256(bundle_zip(HUB).read_bytes()).hexdigest()


@needs_runtime_python
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_a_bundle_stays_within_its_budget(bundle: Bundle) -> None:
    assert bundle_zip(bundle).stat().st_size <= MAX_BYTES[bundle.group]
    assert sum(each.file_size for each in archive(bundle).infolist()) <= UNPACKED_MAX_BYTES


@needs_runtime_python
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundle_entries_are_sorted_with_a_fixed_date_and_mode(bundle: Bundle) -> None:
    entries = archive(bundle).infolist()
    assert {each.date_time for each in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {each.external_attr for each in entries} == {0o100644 << 16}
    assert [each.filename for each in entries] == sorted(each.filename for each in entries)


@needs_runtime_python
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundled_bytecode_loads_without_checking_its_source(bundle: Bundle) -> None:
    compiled = [name for name in archive(bundle).namelist() if name.endswith(".pyc")]
    magic = importlib.util.MAGIC_NUMBER
    assert len(compiled) > len(hub_files(bundle.group))
    for name in compiled:
        with archive(bundle).open(name) as file:
            assert file.read(8) == magic + UNCHECKED_HASH, name


@needs_runtime_python
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundled_bytecode_matches_its_source_hash(bundle: Bundle) -> None:
    for name in archive(bundle).namelist():
        path = PurePosixPath(name)
        if path.suffix == ".py":
            compiled = path.parent / "__pycache__" / f"{path.stem}.cpython-{PYTHON[0]}{PYTHON[1]}.pyc"
            source_hash = importlib.util.source_hash(archive(bundle).read(name))
            assert archive(bundle).read(str(compiled))[8:16] == source_hash, name


@needs_runtime_python
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundle_contains_the_current_source_files(bundle: Bundle) -> None:
    today = zipfile.ZipFile(bundle_zip(bundle))
    held = {name: today.read(name) for name in today.namelist() if name.endswith(".py")}
    assert held == {n: path.read_bytes() for n, path in hub_files(bundle.group).items() if n.endswith(".py")}


@needs_runtime_python
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundle_excludes_slow_packages_tests_and_packaging_metadata(bundle: Bundle) -> None:
    forbidden = {*SLOW, "infra", "tests", "moto", "pip"} - ({"numpy"} if bundle.group == "risk" else set())
    top = {PurePosixPath(name).parts[0].split(".")[0] for name in archive(bundle).namelist()}
    assert not top & forbidden
    assert not [name for name in archive(bundle).namelist() if ".dist-info/" in name or name.endswith(".pyi")]


@needs_runtime_python
def test_only_the_models_of_called_services_are_packed() -> None:
    models = {PurePosixPath(n).parts[2] for n in archive(HUB).namelist() if n.startswith("botocore/data/")}
    services = {name for name in models if not name.endswith(".json")}
    assert services == set(CALLED_OPERATIONS)


@needs_runtime_python
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_native_libraries_match_the_bundle_architecture(bundle: Bundle) -> None:
    native = [name for name in archive(bundle).namelist() if ".cpython-" in name and name.endswith(".so")]
    assert native
    assert all(f"{WHEEL_MACHINE[bundle.architecture]}-linux-gnu" in name for name in native)


@needs_runtime_python
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundle_manifest_lists_group_architecture_lock_and_distributions(bundle: Bundle) -> None:
    manifest = json.loads(archive(bundle).read("bundle.json"))
    assert (manifest["group"], manifest["architecture"]) == (bundle.group, bundle.architecture)
    assert manifest["lock_sha256"] == hashlib.sha256(bundle.lock.read_bytes()).hexdigest()
    assert f"pydantic=={manifest['distributions']['pydantic']} " in bundle.lock.read_text(encoding="utf-8")
    assert ("numpy" in manifest["distributions"]) is (bundle.group == "risk")


@needs_runtime_python
@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_handler_imports_from_its_bundle_without_loading_slow_packages(folder: FunctionFolder) -> None:
    assert not {module.split(".")[0] for module in imported(folder)} & SLOW


@needs_runtime_python
@pytest.mark.parametrize("folder", HTTP_FUNCTIONS)
def test_http_functions_load_no_module_of_powertools(folder: FunctionFolder) -> None:
    assert not {module for module in imported(folder) if module.startswith("aws_lambda_powertools")}


@needs_runtime_python
def test_snapshot_writer_does_not_load_unrelated_contract_models() -> None:
    others = {"exit_policy", "exit_signal", "risk", "backtest", "forecast", "stress", "expectation", "worlds"}
    loaded = {module.removeprefix("risk_hub_contracts.") for module in imported("snapshot_writer")}
    assert not loaded & others


@needs_runtime_python
@pytest.mark.parametrize("kind", ["post", "latest", "message"])
def test_function_handles_an_invocation_using_only_its_bundle(kind: str) -> None:
    command = from_bundle("once", kind, unpacked("hub"))
    done = subprocess.run(command, cwd=PROJECT, env={}, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == os.EX_OK, done.stderr


@needs_runtime_python
def test_unchanged_bundle_is_not_rebuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    built = bundle_zip(HUB)
    monkeypatch.setattr(build, "build", lambda *_, **__: pytest.fail("built again"))
    assert bundle_zip(HUB) == built


@needs_runtime_python
def test_bundles_command_writes_each_bundle_to_the_output_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{group}-arm64.zip" for group in ALL_GROUPS}
    assert (tmp_path / "hub-arm64.zip").read_bytes() == bundle_zip(HUB).read_bytes()
    assert "of its budget" in capsys.readouterr().out


@needs_runtime_python
def test_bundle_over_its_size_budget_fails_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bundle_zip(HUB).parent
    monkeypatch.setattr(build, "write_zip", lambda _, target: target.write_bytes(bytes(HUB_MAX_BYTES + 1)))
    with pytest.raises(BundleError, match=r"bundle hub-arm64 has 6000001 bytes; its budget is 6000000"):
        build.build(HUB, tmp_path / "hub.zip", wheels_folder=folder)
    assert not (tmp_path / "hub.zip").exists()


def test_bundles_command_on_another_python_fails_naming_the_required_version(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 7, "final", 0))
    assert command.main([]) == 1
    assert (
        "bundles are compiled for Python 3.13, this is 3.11: run python3.13 -m infra.bundles"
        in capsys.readouterr().err
    )


def test_failed_lock_installation_reports_pips_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock = tmp_path / "requirements" / "hub.txt"
    lock.parent.mkdir()
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    monkeypatch.setattr("infra.bundles.contents.PROJECT", tmp_path)
    with pytest.raises(BundleError, match=r"(?s)pip could not install hub.txt for arm64 .*six"):
        wheels.install(HUB, tmp_path / "wheels")
    assert (PROJECT / "requirements" / "hub.txt").exists()
