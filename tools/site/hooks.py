"""Hooks of the site: anchors as GitHub makes them, and the language of Korean pages."""

import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

KOREAN = ".ko.md"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give headings the anchors that the links of the repository's pages use."""
    config.mdx_configs.setdefault("toc", {})["slugify"] = _anchor
    return config


def on_post_page(output: str, *, page: Page, **_: Any) -> str:
    """Declare the language of a Korean page."""
    is_korean = page.file.src_uri.endswith(KOREAN)
    return output.replace('<html lang="en"', '<html lang="ko"', 1) if is_korean else output


def _anchor(heading: str, separator: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", separator)
