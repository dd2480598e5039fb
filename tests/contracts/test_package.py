import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

import risk_hub_client
import risk_hub_contracts
import risk_hub_contracts.client as old_path

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "contracts/src/risk_hub_contracts"
CLIENT_SOURCE = REPOSITORY / "client/src/risk_hub_client"
MODULES = sorted(SOURCE.rglob("*.py"))
CLIENT_MODULES = sorted(CLIENT_SOURCE.rglob("*.py"))
ALLOWED = {"pydantic", "pydantic_core", "typing_extensions", "rfc8785", "blake3", "risk_hub_contracts"}
CLIENT_ALLOWED = {
    "duckdb",
    "pydantic",
    "typing_extensions",
    "filelock",
    "httpcore2",
    "httpx2",
    "pandas",
    "stamina",
    "risk_hub_client",
    "risk_hub_contracts",
}
COMMAND_LINE_ALLOWED = CLIENT_ALLOWED | {"rich", "typer", "matplotlib", "yaml"}


def imported(file: Path) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: relative import"
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_module_imports_only_declared_dependencies(file: Path) -> None:
    alias = {"risk_hub_client"} if file == SOURCE / "client.py" else set()
    assert imported(file) - set(sys.stdlib_module_names) <= ALLOWED | alias


@pytest.mark.parametrize("file", CLIENT_MODULES, ids=lambda file: file.stem)
def test_client_module_imports_only_declared_dependencies(file: Path) -> None:
    allowed = COMMAND_LINE_ALLOWED if "cli" in file.parts else CLIENT_ALLOWED
    assert imported(file) - set(sys.stdlib_module_names) <= allowed


def test_client_import_path_of_release_1_0_0_exports_the_same_names() -> None:
    assert set(old_path.__all__) == set(risk_hub_client.__all__)
    assert all(getattr(old_path, name) is getattr(risk_hub_client, name) for name in old_path.__all__)


def run(script: str, *path: str) -> subprocess.CompletedProcess[str]:
    """Run a script with only these folders on its import path."""
    prelude = f"import sys; sys.path += {list(path)!r}\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", prelude + script],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_package_works_with_only_its_dependencies_installed(tmp_path: Path) -> None:
    site = Path(sysconfig.get_path("purelib"))
    for name in (
        "pydantic",
        "pydantic_core",
        "annotated_types",
        "typing_inspection",
        "rfc8785",
    ):
        (tmp_path / name).symlink_to(site / name)
    (tmp_path / "typing_extensions.py").symlink_to(site / "typing_extensions.py")
    script = """
from datetime import datetime, timezone
from risk_hub_contracts.snapshot import parse_snapshot
raw = b'{"version": "v", "as_of": "2025-01-01T00:00:00Z", "weights": {"A": 1}}'
now = datetime(2025, 1, 2, tzinfo=timezone.utc)
print(parse_snapshot(raw, world_id="w", actor="a", stage="paper", now=now).content_hash)
import risk_hub_contracts.api.openapi.document
assert not {"numpy", "boto3", "blake3", "events", "functions", "infra"} & set(sys.modules)
"""
    done = run(script, str(SOURCE.parent), str(tmp_path))
    assert done.stderr == ""
    assert done.stdout.startswith("sha256:")


def test_importing_snapshot_loads_no_schema_or_answer_modules() -> None:
    script = """
import risk_hub_contracts.snapshot.parse
heavy = {"api", "golden", "base.tokens", "reports", "worlds"}
print(sorted(name for name in heavy if f"risk_hub_contracts.{name}" in sys.modules))
"""
    done = run(script, str(SOURCE.parent), sysconfig.get_path("purelib"))
    assert (done.stderr, done.stdout) == ("", "[]\n")


@pytest.mark.parametrize(
    ("folder", "modules"), [("contracts", MODULES), ("client", CLIENT_MODULES)], ids=["contracts", "client"]
)
def test_package_declares_its_imports_and_the_version(folder: str, modules: list[Path]) -> None:
    project = tomllib.loads((REPOSITORY / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [name for extra in project["optional-dependencies"].values() for name in extra]
    requirements = (*project["dependencies"], *optional)
    declared = {
        re.split("[>=]", each)[0].replace("-", "_").removeprefix("risk_signal_hub_") for each in requirements
    }
    declared |= {"yaml"} if "pyyaml" in declared else set()
    used = set[str]().union(*map(imported, modules)) - set(sys.stdlib_module_names)
    own = {"risk_hub_contracts", "risk_hub_client"}
    # pydantic pins pydantic-core and typing-extensions, and the contracts require pydantic.
    assert used - own - {"pydantic_core", "pydantic", "typing_extensions"} <= declared
    assert project["version"] == risk_hub_contracts.__version__


def test_package_contains_a_py_typed_marker() -> None:
    assert (SOURCE / "py.typed").exists()
    assert (CLIENT_SOURCE / "py.typed").exists()


@pytest.mark.parametrize("file", [*MODULES, *CLIENT_MODULES], ids=lambda file: file.stem)
def test_every_contracts_module_has_a_docstring(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
