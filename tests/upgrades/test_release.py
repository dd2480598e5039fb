"""Making a release: the version that a change requires, and frozen files that match the named commit."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from risk_hub_contracts.api.generate import generated_files, write
from risk_hub_contracts.compatibility.release import Contract, last_release
from tools.upgrades.release import (
    MANIFEST,
    ROOT,
    ReleaseError,
    check_generated,
    clean_commit,
    minimum_version,
)


@pytest.fixture(scope="module")
def present() -> Contract:
    return Contract.present(ROOT / "contracts", ROOT / "events")


@pytest.fixture
def released(tmp_path: Path) -> Callable[[Contract], Path]:
    def freeze(contract: Contract) -> Path:
        folder = tmp_path / "1.2.3"
        contract.freeze(folder)
        return folder

    return freeze


def test_frozen_contract_round_trips(present: Contract, released: Callable[[Contract], Path]) -> None:
    assert Contract.released(released(present)) == present


def test_first_release_may_have_any_version(present: Contract) -> None:
    assert minimum_version(None, present) == (0, 0, 0)


def test_release_without_contract_changes_requires_a_patch_version(
    present: Contract, released: Callable[[Contract], Path]
) -> None:
    older = copy.deepcopy(present)
    older.openapi["info"]["version"] = "1.2.3"
    older.schemas["health"]["$id"] = "urn:risk-hub:schema:health:1.2.3"
    assert minimum_version(released(older), present) == (1, 2, 4)


@pytest.mark.parametrize("part", ["schemas", "events", "problems", "limits", "examples", "metrics"])
def test_contract_addition_requires_a_minor_version(
    present: Contract, released: Callable[[Contract], Path], part: str
) -> None:
    older = copy.deepcopy(present)
    contents = getattr(older, part)
    contents.pop() if isinstance(contents, list) else contents.popitem()
    assert minimum_version(released(older), present) == (1, 3, 0)


def test_breaking_change_prevents_a_release(present: Contract, released: Callable[[Contract], Path]) -> None:
    older = copy.deepcopy(present)
    older.limits["body_max_bytes"] += 1
    with pytest.raises(ReleaseError, match="limit body_max_bytes"):
        minimum_version(released(older), present)


def test_uncommitted_changes_prevent_a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.upgrades.release._git", lambda *_: " M contracts/openapi.json")
    with pytest.raises(ReleaseError, match="commit first"):
        clean_commit()


def test_outdated_generated_files_prevent_a_release(tmp_path: Path) -> None:
    write(tmp_path, generated_files() | {"openapi.json": "{}"})
    with pytest.raises(ReleaseError, match="Run `make contracts`"):
        check_generated("1.2.3", tmp_path)


def test_version_missing_from_the_changelog_prevents_a_release(tmp_path: Path) -> None:
    write(tmp_path, generated_files())
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n\n## [1.2.2]\n", encoding="utf-8")
    check_generated("1.2.2", tmp_path)
    with pytest.raises(ReleaseError, match=r"no section \[1.2.3\]"):
        check_generated("1.2.3", tmp_path)


@pytest.fixture
def released_tree(tmp_path: Path) -> Path:
    """The contract at the commit of the last release."""
    release = last_release()
    assert release is not None
    commit = json.loads((release / MANIFEST).read_text(encoding="utf-8"))["commit"]
    archive = subprocess.run(
        ["git", "archive", commit, "contracts", "events/schemas"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip(f"this checkout has no history back to {commit}: git fetch --unshallow")
    subprocess.run(["tar", "-x", "-C", tmp_path], input=archive.stdout, check=True)
    return tmp_path


def frozen_contract() -> Contract:
    release = last_release()
    assert release is not None
    return Contract.released(release)


def test_frozen_contract_matches_the_commit_named_by_the_last_release(released_tree: Path) -> None:
    then = Contract.present(released_tree / "contracts", released_tree / "events")
    frozen = frozen_contract()
    assert (then.openapi, then.schemas, then.events) == (frozen.openapi, frozen.schemas, frozen.events)
    assert then.examples == frozen.examples


def test_frozen_metrics_match_the_released_commit(released_tree: Path) -> None:
    program = (
        "import json; from risk_hub_contracts.metrics import METRICS; print(json.dumps("
        "{n: {'unit': m.unit, 'dimensions': m.dimensions} for n, m in METRICS.items()}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(released_tree / "contracts" / "src")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert frozen_contract().metrics == json.loads(done.stdout)
