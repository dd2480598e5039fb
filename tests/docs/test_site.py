"""The documentation site: complete, in two languages, searchable, and without resources of other hosts."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mkdocs.exceptions import Abort

from tools.site.__main__ import build_pages
from tools.site.stage import ROOT, tracked_pages

# Elements that a browser loads on its own; a link in the text is loaded only when it is followed.
LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\ssrc=[\"']?([^\"'\s>]+)|<link\b[^>]*\shref=[\"']?([^\"'\s>]+)"
)
LOADED_BY_STYLE = re.compile(r"(?:url\(|@import\s+)[\"']?((?:https?:)?//[^\"')\s]+)")
ELSEWHERE = ("http:", "https:", "//")


# One worker makes what all tests of this file read.
pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site in a separate process; strict mode fails on a broken link or anchor."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        (sys.executable, "-m", "tools.site", folder),
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def html(page: str) -> str:
    """Return the file of the site that shows a page."""
    return "index.html" if page == "README.md" else re.sub(r"README\.md$|\.md$", _html_suffix, page)


def _html_suffix(found: re.Match[str]) -> str:
    return "index.html" if found[0].startswith("README") else ".html"


def searchable(site: Path) -> str:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    return "\n".join(f"{each['location']} {each['title']}" for each in index["docs"])


def test_site_has_every_page_of_the_repository_in_its_navigation(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'href="([^"#]+)" class="md-nav__link', home))
    missing = [page for page in tracked_pages() if html(page) not in shown and page != "README.md"]
    assert missing == []
    assert [page for page in tracked_pages() if not (site / html(page)).is_file()] == []


def test_site_search_finds_pages_of_both_languages_and_the_api(site: Path) -> None:
    found = searchable(site)
    for location in (
        "docs/guides/api.html",
        "docs/guides/api.ko.html",
        "reference/routes.html",
        "index.html",
    ):
        assert location in found
    assert 'lang="ko"' in (site / "docs/guides/api.ko.html").read_text(encoding="utf-8")
    assert 'lang="en"' in (site / "docs/guides/api.html").read_text(encoding="utf-8")


def test_every_page_with_a_translation_links_it(site: Path) -> None:
    pages = {page for page in tracked_pages() if f"{page.removesuffix('.md')}.ko.md" in tracked_pages()}
    assert "docs/guides/api.md" in pages
    for page in pages:
        korean = html(f"{page.removesuffix('.md')}.ko.md")
        article = (site / html(page)).read_text(encoding="utf-8").partition("<article")[2]
        assert f'href="{Path(korean).name}"' in article, page


def test_api_reference_shows_every_route_and_schema(site: Path) -> None:
    document = json.loads((ROOT / "contracts" / "openapi.json").read_text(encoding="utf-8"))
    routes = (site / "reference/routes.html").read_text(encoding="utf-8")
    schemas = (site / "reference/schemas.html").read_text(encoding="utf-8")
    operations = [
        each["operationId"]
        for item in document["paths"].values()
        for each in item.values()
        if "operationId" in each
    ]
    assert [name for name in operations if f"<code>{name}</code>" not in routes] == []
    assert [name for name in document["components"]["schemas"] if f'id="{name.lower()}"' not in schemas] == []


def test_site_loads_nothing_from_other_hosts(site: Path) -> None:
    loaded = {
        address
        for page in site.rglob("*.html")
        for pair in LOADED.findall(page.read_text(encoding="utf-8"))
        for address in pair
        if address.startswith(ELSEWHERE)
    }
    styled = {
        address
        for style in site.rglob("*.css")
        for address in LOADED_BY_STYLE.findall(style.read_text(encoding="utf-8"))
    }
    assert loaded | styled == set()
    # The theme would load a library for these drawings from another host.
    assert [
        page.name for page in site.rglob("*.html") if 'class="mermaid"' in page.read_text(encoding="utf-8")
    ] == []


@pytest.mark.parametrize("link", ["[a](missing.md)", "[a](b.md#missing)"])
def test_build_fails_for_a_page_with_a_broken_link(link: str, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "README.md").write_text(f"# A\n\n{link}\n", encoding="utf-8")
    (pages / "b.md").write_text("# B\n", encoding="utf-8")
    with pytest.raises(Abort):
        build_pages(pages, tmp_path / "site")
