"""Collect the pages of the site: tracked Markdown pages, the files that they link, and the API reference."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tools.site.api_reference import write_api_reference
from tools.site.links import Repository, is_copied, linked_sources, rewrite_links

ROOT: Final = Path(__file__).parents[2]
LEFT_OUT: Final = (".github/", "contracts/released/")
DECISIONS: Final = "docs/adr/README.md"
STYLE: Final = "site.css"
TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)
SOURCE_PAGE: Final = """---
search:
  exclude: true
---
# `{path}`

{fence}{language}
{text}
{fence}
"""
FENCE: Final = "``````"


def stage_pages(folder: Path) -> None:
    """Write all pages of the site into an empty folder, under their paths in the repository."""
    pages = tracked_pages()
    repository = Repository(ROOT, frozenset({*pages, DECISIONS}))
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        _write(folder / page, rewrite_links(text, page, repository))
        for path in linked_sources(text, page, repository):
            _stage_source(folder, path)
    _write(folder / DECISIONS, _list_of_decisions(folder))
    write_api_reference(ROOT / "contracts" / "openapi.json", folder / "reference")
    shutil.copyfile(Path(__file__).with_name(STYLE), folder / STYLE)


def tracked_pages() -> list[str]:
    """Return the Markdown pages of the repository that belong to the site."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md")
    listed = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    ).stdout.split()
    return [page for page in sorted(set(listed)) if not page.startswith(LEFT_OUT)]


def title_of(page: Path) -> str:
    """Return the first heading of a page, without backquotes."""
    found = TITLE.search(page.read_text(encoding="utf-8"))
    return page.stem if found is None else found[1].replace("`", "")


def _stage_source(folder: Path, path: str) -> None:
    """Copy a linked picture or document; show any other linked file as a page."""
    if is_copied(path):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, folder / path)
        return
    language = Path(path).suffix.removeprefix(".").replace("py", "python")
    text = (ROOT / path).read_text(encoding="utf-8").rstrip("\n")
    _write(folder / f"{path}.md", SOURCE_PAGE.format(path=path, fence=FENCE, language=language, text=text))


def _list_of_decisions(folder: Path) -> str:
    """Return a page that lists the decisions by their titles."""
    decisions = sorted((folder / DECISIONS).parent.glob("[0-9]*.md"))
    return "# Design decisions\n\n" + "".join(f"- [{title_of(each)}]({each.name})\n" for each in decisions)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
