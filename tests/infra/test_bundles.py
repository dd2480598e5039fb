import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from infra.bundles import __main__ as command
from infra.bundles import build, wheels
from infra.bundles.aws_models import CALLED
from infra.bundles.build import bundle_zip
from infra.bundles.contents import HUB_MAX_BYTES, PROJECT, PYTHON, RISK_MAX_BYTES, Bundle, own_files
from infra.bundles.errors import BundleError
from infra.names import BUNDLE_OF, FUNCTION_FOLDERS, FunctionFolder, handler

needs_runtime_python = pytest.mark.skipif(
    sys.version_info[:2] != PYTHON,
    reason=f"bundles carry bytecode of Python {PYTHON[0]}.{PYTHON[1]}, which this Python cannot make",
)

UNPACKED_MAX_BYTES = 250 * 1024 * 1024
# Flags of a .pyc that is loaded without a look at its source (PEP 552).
UNCHECKED_HASH = b"\x01\x00\x00\x00"
HUB = Bundle("hub", "arm64")
RISK = Bundle("risk", "arm64")

IMPORT_EVERYTHING = """
import importlib, json, sys
bundle, modules = sys.argv[1], sys.argv[2].split(",")
sys.path.insert(0, bundle)
for module in modules:
    handler = importlib.import_module(module).handler
    assert callable(handler), module
from botocore.session import Session
for service in ("dynamodb", "s3", "events", "sqs", "secretsmanager"):
    Session().create_client(service, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
found = (getattr(module, "__file__", None) for module in sys.modules.values())
outside = [f for f in found if f and f.startswith("/") and "site-packages" in f]
assert not outside, outside
print(json.dumps(sorted(sys.modules)))
"""
VARIABLES = {
    "RISK_HUB_DEPLOYMENT_STAGE": "dev",
    "RISK_HUB_SNAPSHOTS_TABLE": "snapshots",
    "RISK_HUB_WORLDS_TABLE": "worlds",
    "RISK_HUB_EVALUATIONS_TABLE": "evaluations",
    "RISK_HUB_MARKS_TABLE": "marks",
    "RISK_HUB_BLOB_GRACE_HOURS": "24",
    "RISK_HUB_BUCKET": "bucket",
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


@cache
def archive(bundle: Bundle) -> zipfile.ZipFile:
    return zipfile.ZipFile(bundle_zip(bundle))


@pytest.fixture(scope="session")
def assembled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Bundle], Path]:
    @cache
    def of(bundle: Bundle) -> Path:
        folder = tmp_path_factory.mktemp(bundle.name) / "contents"
        build.assemble(bundle, folder)
        return folder

    return of


@needs_runtime_python
def test_building_again_from_nothing_gives_the_same_bytes(tmp_path: Path) -> None:
    build.build(HUB, tmp_path / "again.zip", wheels_folder=tmp_path / "elsewhere")
    again = hashlib.sha256((tmp_path / "again.zip").read_bytes()).hexdigest()
    assert again == hashlib.sha256(bundle_zip(HUB).read_bytes()).hexdigest()


@needs_runtime_python
@pytest.mark.parametrize(("bundle", "limit_bytes"), [(HUB, HUB_MAX_BYTES), (RISK, RISK_MAX_BYTES)])
def test_a_bundle_stays_within_its_budget(bundle: Bundle, limit_bytes: int) -> None:
    assert bundle_zip(bundle).stat().st_size <= limit_bytes
    assert sum(each.file_size for each in archive(bundle).infolist()) <= UNPACKED_MAX_BYTES


@needs_runtime_python
@pytest.mark.parametrize("bundle", [HUB, RISK], ids=lambda bundle: bundle.name)
def test_every_file_has_one_date_and_one_mode(bundle: Bundle) -> None:
    entries = archive(bundle).infolist()
    assert {each.date_time for each in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {each.external_attr for each in entries} == {0o100644 << 16}
    assert [each.filename for each in entries] == sorted(each.filename for each in entries)


@needs_runtime_python
@pytest.mark.parametrize("bundle", [HUB, RISK], ids=lambda bundle: bundle.name)
def test_every_module_is_loaded_without_a_look_at_its_source(bundle: Bundle) -> None:
    compiled = [name for name in archive(bundle).namelist() if name.endswith(".pyc")]
    magic = importlib.util.MAGIC_NUMBER
    assert len(compiled) > len(own_files(bundle.group))
    for name in compiled:
        with archive(bundle).open(name) as file:
            assert file.read(8) == magic + UNCHECKED_HASH, name


@needs_runtime_python
@pytest.mark.parametrize("bundle", [HUB, RISK], ids=lambda bundle: bundle.name)
def test_our_bytecode_is_that_of_our_sources(bundle: Bundle) -> None:
    for name in archive(bundle).namelist():
        path = PurePosixPath(name)
        if path.suffix == ".py":
            compiled = path.parent / "__pycache__" / f"{path.stem}.cpython-{PYTHON[0]}{PYTHON[1]}.pyc"
            source_hash = importlib.util.source_hash(archive(bundle).read(name))
            assert archive(bundle).read(str(compiled))[8:16] == source_hash, name


@needs_runtime_python
@pytest.mark.parametrize("bundle", [HUB, RISK], ids=lambda bundle: bundle.name)
def test_the_bundle_holds_our_files_of_today(bundle: Bundle) -> None:
    today = zipfile.ZipFile(bundle_zip(bundle))
    held = {name: today.read(name) for name in today.namelist() if name.endswith(".py")}
    assert held == {n: path.read_bytes() for n, path in own_files(bundle.group).items() if n.endswith(".py")}


@needs_runtime_python
@pytest.mark.parametrize(
    ("bundle", "forbidden"),
    [
        (HUB, {"numpy", "awscrt", "aws_xray_sdk", "infra", "tests", "moto", "pip"}),
        (RISK, {"awscrt", "aws_xray_sdk", "infra", "tests", "moto", "pip"}),
    ],
)
def test_a_bundle_holds_nothing_that_slows_or_surprises(bundle: Bundle, forbidden: set[str]) -> None:
    top = {PurePosixPath(name).parts[0].split(".")[0] for name in archive(bundle).namelist()}
    assert not top & forbidden
    assert not [name for name in archive(bundle).namelist() if ".dist-info/" in name or name.endswith(".pyi")]


@needs_runtime_python
def test_only_the_models_of_called_services_are_packed() -> None:
    models = {PurePosixPath(n).parts[2] for n in archive(HUB).namelist() if n.startswith("botocore/data/")}
    services = {name for name in models if not name.endswith(".json")}
    assert services == set(CALLED)


@needs_runtime_python
@pytest.mark.parametrize("bundle", [HUB, RISK], ids=lambda bundle: bundle.name)
def test_native_code_is_for_the_functions_processor(bundle: Bundle) -> None:
    native = [name for name in archive(bundle).namelist() if ".cpython-" in name and name.endswith(".so")]
    assert native
    assert all("aarch64-linux-gnu" in name for name in native)


@needs_runtime_python
@pytest.mark.parametrize("bundle", [HUB, RISK], ids=lambda bundle: bundle.name)
def test_the_manifest_says_what_is_inside(bundle: Bundle) -> None:
    manifest = json.loads(archive(bundle).read("bundle.json"))
    assert (manifest["group"], manifest["architecture"]) == (bundle.group, "arm64")
    assert manifest["lock_sha256"] == hashlib.sha256(bundle.lock.read_bytes()).hexdigest()
    assert f"pydantic=={manifest['distributions']['pydantic']} " in bundle.lock.read_text()
    assert ("numpy" in manifest["distributions"]) is (bundle.group == "risk")


@needs_runtime_python
@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_a_handler_is_imported_from_its_bundle_alone(
    assembled: Callable[[Bundle], Path],
    folder: FunctionFolder,
    tmp_path: Path,
) -> None:
    bundle = assembled(Bundle(BUNDLE_OF[folder], "x86_64"))
    modules = handler(folder).removesuffix(".handler")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_EVERYTHING, str(bundle), modules],
        env=VARIABLES,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == os.EX_OK, done.stderr
    assert "numpy" not in json.loads(done.stdout)


@needs_runtime_python
def test_a_bundle_is_not_built_again_while_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    built = bundle_zip(HUB)
    monkeypatch.setattr(build, "build", lambda *_, **__: pytest.fail("built again"))
    assert bundle_zip(HUB) == built


@needs_runtime_python
def test_the_command_puts_both_bundles_where_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"hub-arm64.zip", "risk-arm64.zip"}
    assert (tmp_path / "hub-arm64.zip").read_bytes() == bundle_zip(HUB).read_bytes()
    assert "of its budget" in capsys.readouterr().out


@needs_runtime_python
def test_a_bundle_over_its_budget_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bundle_zip(HUB).parent
    monkeypatch.setattr(build, "write_zip", lambda _, target: target.write_bytes(bytes(HUB_MAX_BYTES + 1)))
    with pytest.raises(
        BundleError, match=r"bundle hub-arm64 has 6000001 bytes, its budget is 6000000: look at what"
    ):
        build.build(HUB, tmp_path / "hub.zip", wheels_folder=folder)
    assert not (tmp_path / "hub.zip").exists()


def test_another_python_is_told_which_one_to_use(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 7, "final", 0))
    assert command.main([]) == 1
    assert (
        "bundles are compiled for Python 3.13, this is 3.11: run python3.13 -m infra.bundles"
        in capsys.readouterr().err
    )


def test_a_lock_that_cannot_be_installed_is_said_with_pips_own_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock = tmp_path / "requirements" / "hub.txt"
    lock.parent.mkdir()
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr("infra.bundles.contents.PROJECT", tmp_path)
    with pytest.raises(BundleError, match=r"(?s)pip could not install hub.txt for arm64 .*six"):
        wheels.install(HUB, tmp_path / "wheels")
    assert (PROJECT / "requirements" / "hub.txt").exists()
