"""`python -m tools.site [FOLDER]`: build the site, by default into .build/site; a broken link fails the build."""

import sys
import tempfile
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config

from tools.site.navigation import navigation
from tools.site.stage import ROOT, stage_pages

CONFIGURATION = ROOT / "mkdocs.yml"
DEFAULT_FOLDER = ROOT / ".build" / "site"


def build_site(folder: Path) -> None:
    """Build the site of this repository into a folder."""
    with tempfile.TemporaryDirectory() as pages:
        stage_pages(Path(pages))
        build_pages(Path(pages), folder)


def build_pages(pages: Path, folder: Path) -> None:
    """Build staged pages into a folder.

    Raises:
        mkdocs.exceptions.Abort: a link or an anchor of a page is broken.
    """
    config = load_config(
        str(CONFIGURATION), docs_dir=str(pages), site_dir=str(folder), nav=navigation(pages), strict=True
    )
    build(config)


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER
    build_site(chosen)
    sys.stdout.write(f"{chosen / 'index.html'}\n")
