"""Relative links of the repository's pages, and the pages of the site to which they lead."""

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CODE_BLOCK: Final = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]+)\)")
EXTERNAL: Final = ("http://", "https://", "mailto:", "#")
FIRST_HEADING: Final = re.compile(r"^# .+$", re.MULTILINE)
COPIED_SUFFIXES: Final = frozenset({".png", ".svg", ".json"})
KOREAN: Final = ".ko.md"


@dataclass(frozen=True, slots=True)
class Repository:
    """The folder of the repository, and the paths of its pages."""

    root: Path
    pages: frozenset[str]

    def counterpart(self, page: str) -> str | None:
        """Return the path of a page in the other language, if there is one."""
        stem = page.removesuffix(KOREAN) if page.endswith(KOREAN) else page.removesuffix(".md")
        other = f"{stem}.md" if page.endswith(KOREAN) else f"{stem}{KOREAN}"
        return other if other in self.pages else None

    def path_of(self, target: str, page: str) -> str:
        """Return the path in the repository of a link's target on a page."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(page), target.partition("#")[0]))

    def is_source(self, path: str) -> bool:
        """Return whether a path is a file without a page in the repository."""
        return path not in self.pages and (self.root / path).is_file()


def is_copied(path: str) -> bool:
    """Return whether the site contains a copy of the file, rather than a page that shows its text."""
    return Path(path).suffix in COPIED_SUFFIXES


def linked_sources(text: str, page: str, repository: Repository) -> Iterator[str]:
    """Yield the files that are not pages and to which a page links."""
    for block in CODE_BLOCK.split(text)[::2]:
        for _, _, target in LINK.findall(block):
            path = repository.path_of(target, page)
            if not target.startswith(EXTERNAL) and repository.is_source(path):
                yield path


def rewrite_links(text: str, page: str, repository: Repository) -> str:
    """Return a page whose links lead to pages of the site; a folder without a page becomes plain text."""
    replace = _replacement(page, repository)
    blocks = CODE_BLOCK.split(text)
    blocks[::2] = [LINK.sub(replace, block) for block in blocks[::2]]
    return _with_language_switch("".join(blocks), page, repository)


def _replacement(page: str, repository: Repository) -> Callable[[re.Match[str]], str]:
    def replace(link: re.Match[str]) -> str:
        mark, label, target = link.groups()
        if target.startswith(EXTERNAL):
            return link[0]
        path = repository.path_of(target, page)
        if (repository.root / path).is_dir():
            is_page = f"{path}/README.md" in repository.pages
            return f"[{label}]({target.rstrip('/')}/README.md)" if is_page else label
        if repository.is_source(path) and not is_copied(path):
            return f"{mark}[{label}]({target}.md)"
        return link[0]

    return replace


def _with_language_switch(text: str, page: str, repository: Repository) -> str:
    """Return a page that links the same page in the other language, if it exists, below its title."""
    other = repository.counterpart(page)
    if other is None or f"]({posixpath.basename(other)})" in text:
        return text
    label = "English" if page.endswith(KOREAN) else "한국어"
    switch = f"\n\n[{label}]({posixpath.basename(other)})"
    return FIRST_HEADING.sub(lambda heading: heading[0] + switch, text, count=1)
