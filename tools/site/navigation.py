"""The navigation of the site: sections by subject; within a section, every page of its folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tools.site.links import KOREAN
from tools.site.stage import DECISIONS, title_of

Entry = dict[str, Any]

# Each section with its pages, or the folders whose pages follow.
SECTIONS: Final[dict[str, Sequence[str]]] = {
    "Start": ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md"),
    "Guides": ("docs/guides/",),
    "Numbers": ("docs/numbers/README.md", "docs/numbers/", "docs/agreement.md", "docs/backtest.md"),
    "API": (
        "reference/routes.md",
        "reference/schemas.md",
        "contracts/README.md",
        "contracts/metrics.md",
        "contracts/CHANGELOG.md",
        "client/README.md",
        "events/README.md",
    ),
    "Runbook": ("docs/runbook/README.md", "docs/runbook/"),
    "Decisions": (DECISIONS, "docs/adr/"),
    "Reports": ("docs/README.md", "docs/"),
    "Security": ("SECURITY.md", "docs/security-grants.md", "docs/security-run.md"),
}
REST: Final = "Folders"
KOREAN_SECTION: Final = "한국어"


def navigation(folder: Path) -> list[Entry]:
    """Return the navigation of the staged pages; each page appears once."""
    pages = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.md"))
    english = [page for page in pages if not page.endswith(KOREAN)]
    shown: set[str] = set()
    sections = [{name: _entries(wanted, english, shown, folder)} for name, wanted in SECTIONS.items()]
    folders = [page for page in english if page.endswith("README.md") and page not in shown]
    korean = [page for page in pages if page.endswith(KOREAN)]
    return [
        *sections,
        {REST: [_entry(page, folder) for page in folders]},
        {KOREAN_SECTION: [_entry(page, folder) for page in korean]},
    ]


def _entries(wanted: Sequence[str], pages: Sequence[str], shown: set[str], folder: Path) -> list[Entry]:
    """Return the entries of a section, and add its pages to those that are shown."""
    chosen = [page for each in wanted for page in _matching(each, pages) if page not in shown]
    unique = list(dict.fromkeys(chosen))
    shown.update(unique)
    return [_entry(page, folder) for page in unique]


def _matching(wanted: str, pages: Sequence[str]) -> list[str]:
    """Return the page, or the pages directly in the folder."""
    if not wanted.endswith("/"):
        return [page for page in pages if page == wanted]
    return [page for page in pages if page.startswith(wanted) and "/" not in page.removeprefix(wanted)]


def _entry(page: str, folder: Path) -> Entry:
    return {title_of(folder / page): page}
