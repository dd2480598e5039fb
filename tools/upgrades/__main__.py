"""`python -m tools.upgrades [--requests N]`: rehearse an upgrade from the last release, and write docs/upgrade-run.md."""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from infra.cdk.synth_local import local_files
from infra.local.assembly import read_assembly
from infra.local.bring_up import start_stage
from infra.local.install import LocalRelease
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from tools.upgrades.checked_out_release import HistoryError, Release, check_out_last_release
from tools.upgrades.page import page
from tools.upgrades.rehearsal import Outcome, Rehearsal, Releases
from tools.upgrades.release import ROOT
from tools.upgrades.rollback import misread_by

PAGE = ROOT / "docs" / "upgrade-run.md"


def rehearse(home: Path, released: Release, requests: int, console: Console) -> Outcome:
    """Rehearse on a separate stage, with this many requests in each phase."""
    releases = Releases(released, keeping_old_table(home / "assembly"), LocalRelease())
    settings = LocalSettings(home / "stage", ANY_FREE_PORT, ANY_FREE_PORT)
    stage = start_stage(settings, console, detached=False, fresh=True, release=released.local())
    try:
        return Rehearsal(stage, releases, requests).run()
    finally:
        stage.process.stop()


def keeping_old_table(folder: Path) -> LocalRelease:
    """Return this tree as it is deployed on a stage that keeps the table of release 1.0."""
    folder.mkdir()
    for name, text in local_files(old_snapshots="kept").items():
        (folder / name).write_text(text, encoding="utf-8")
    return LocalRelease(read_assembly(folder))


def main(arguments: list[str]) -> int:
    """Run and report; return 1 if any check failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.upgrades", description=__doc__)
    parser.add_argument("--requests", type=int, default=250, help="requests in each phase")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        try:
            released = check_out_last_release(Path(home) / "released")
        except HistoryError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        misread = misread_by(released, Path(home))
        outcome = rehearse(Path(home), released, options.requests, Console())
        text = page(outcome, misread, released)
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if outcome.passed and not misread else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
