import ast
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

import risk_hub_contracts

CONTRACTS = Path(__file__).parents[2] / "contracts"
SOURCE = CONTRACTS / "src/risk_hub_contracts"
MODULES = sorted(SOURCE.rglob("*.py"))
EXTRAS = {"client": {"httpx2", "pandas", "stamina"}, "cli": {"rich", "typer", "matplotlib"}}
ALLOWED = {"pydantic", "pydantic_core", "typing_extensions", "rfc8785", "blake3", "risk_hub_contracts"}


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
def test_a_module_imports_the_declared_dependencies_and_nothing_of_the_hub(file: Path) -> None:
    extra = EXTRAS.get(file.relative_to(SOURCE).parts[0], set())
    assert imported(file) - set(sys.stdlib_module_names) <= ALLOWED | extra


def run(script: str, *path: str) -> subprocess.CompletedProcess[str]:
    """Run a script with only these folders on its import path."""
    prelude = f"import sys; sys.path += {list(path)!r}\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", prelude + script],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_package_works_beside_its_dependencies_alone(tmp_path: Path) -> None:
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
import risk_hub_contracts.openapi
assert not {"numpy", "boto3", "blake3", "events", "functions", "infra"} & set(sys.modules)
"""
    done = run(script, str(SOURCE.parent), str(tmp_path))
    assert done.stderr == ""
    assert done.stdout.startswith("sha256:")


def test_reading_a_snapshot_loads_neither_schemas_nor_answers() -> None:
    script = """
import risk_hub_contracts.snapshot
heavy = {"openapi", "schemas", "answers", "golden", "generate", "queries", "tokens", "risk"}
print(sorted(name for name in heavy if f"risk_hub_contracts.{name}" in sys.modules))
"""
    done = run(script, str(SOURCE.parent), sysconfig.get_path("purelib"))
    assert (done.stderr, done.stdout) == ("", "[]\n")


def test_the_package_declares_what_it_imports_and_its_version() -> None:
    project = tomllib.loads((CONTRACTS / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [name for extra in project["optional-dependencies"].values() for name in extra]
    declared = {
        requirement.split(">")[0].replace("-", "_") for requirement in (*project["dependencies"], *optional)
    }
    used = set[str]().union(*map(imported, MODULES)) - set(sys.stdlib_module_names) - {"risk_hub_contracts"}
    # pydantic pins pydantic-core to exactly one version.
    assert used - {"pydantic_core"} <= declared
    assert project["version"] == risk_hub_contracts.__version__


def test_type_checkers_may_trust_the_package() -> None:
    assert (SOURCE / "py.typed").exists()


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_a_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
