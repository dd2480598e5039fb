"""The pinned CLI: its installation and calls."""

import json
import re
from pathlib import Path

import pytest

from infra.errors import DeployError
from infra.ops.deploy import toolkit
from infra.ops.deploy.toolkit import LOCK_FILES, LOCK_FOLDER, PROGRAM, Toolkit, install

# Replaces npm: installs a program in the CLI's place that records its calls.
NPM = """
const fs = require("fs"), path = require("path");
fs.appendFileSync(process.env.NOTES, "npm " + process.argv.slice(2).join(" ") + "\\n");
const program = path.join(process.cwd(), "node_modules", "aws-cdk", "bin", "cdk");
fs.mkdirSync(path.dirname(program), {recursive: true});
fs.writeFileSync(program, `
require("fs").appendFileSync(process.env.NOTES, "cdk " + process.argv.slice(2).join(" ") + "\\\\n");
require("fs").appendFileSync(process.env.NOTES, "telemetry off: " + process.env.CDK_DISABLE_CLI_TELEMETRY + "\\\\n");
process.exit(Number(process.env.CDK_STATUS || 0));
`);
"""


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    npm, noted = tmp_path / "npm.js", tmp_path / "notes"
    npm.write_text(NPM, encoding="utf-8")
    monkeypatch.setattr(toolkit, "locked_npm", lambda: npm)
    monkeypatch.setattr(install, "__defaults__", (tmp_path / "installed",))
    monkeypatch.setenv("NOTES", str(noted))
    return noted


def test_cdk_cli_is_pinned_to_an_exact_version_and_digest() -> None:
    wanted = json.loads((LOCK_FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
    locked = json.loads((LOCK_FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert list(wanted) == ["aws-cdk"]
    assert re.fullmatch(r"2\.\d+\.\d+", wanted["aws-cdk"])
    assert {name for name in locked if name} == {"node_modules/aws-cdk"}
    assert locked["node_modules/aws-cdk"]["version"] == wanted["aws-cdk"]
    assert locked["node_modules/aws-cdk"]["integrity"].startswith("sha512-")


def test_cdk_lock_file_names_no_registry() -> None:
    text = "".join((LOCK_FOLDER / name).read_text(encoding="utf-8") for name in LOCK_FILES)
    assert "://" not in text
    assert "resolved" not in text


def test_cdk_cli_is_installed_once_from_the_lock_and_run_on_the_assembly(notes: Path) -> None:
    for verb in ("diff", "deploy"):
        Toolkit(Path("/an/assembly")).run(verb, "--all")
    reported = notes.read_text(encoding="utf-8").splitlines()
    assert [line for line in reported if line.startswith("npm")] == [
        "npm ci --no-audit --no-fund --omit-lockfile-registry-resolved"
    ]
    assert [line for line in reported if line.startswith("cdk")] == [
        "cdk diff --all --app /an/assembly --no-notices --ci",
        "cdk deploy --all --app /an/assembly --no-notices --ci",
    ]
    assert "telemetry off: true" in reported


def test_changed_lock_file_reinstalls_the_cdk_cli(notes: Path, tmp_path: Path) -> None:
    folder = install()
    (folder / LOCK_FILES[1]).write_text("{}", encoding="utf-8")
    install()
    assert notes.read_text(encoding="utf-8").count("npm ci") == 2
    assert (tmp_path / "installed" / PROGRAM).exists()


def test_failing_cdk_command_stops_the_release(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_STATUS", "1")
    with pytest.raises(DeployError, match=r"cdk deploy did not succeed \(status 1\)"):
        Toolkit(Path("/an/assembly")).run("deploy")
    assert notes.exists()


def test_unreachable_npm_registry_is_reported_and_leaves_no_partial_installation(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.js"
    broken.write_text('console.error("npm error code ENOTFOUND"); process.exit(1)', encoding="utf-8")
    monkeypatch.setattr(toolkit, "locked_npm", lambda: broken)
    with pytest.raises(DeployError, match=r"is your registry reachable\?\nnpm error code ENOTFOUND"):
        install()
    assert not notes.exists()
    assert not (tmp_path / "installed").exists()
