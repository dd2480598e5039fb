"""Accepted breaks of the released contract: corrections of a mistake, each recorded with its reason.

`released/<version>/repaired-contract.json` lists them. An entry matches the findings that have exactly its
text (`findings`), or every finding, at any place, that has exactly its `sentence`. An entry that matches no
finding is itself a finding, so the list cannot keep obsolete entries.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from risk_hub_contracts.compatibility.findings import Finding, Findings

REPAIRS_FILE: Final = "repaired-contract.json"


def repaired(release: Path) -> list[str]:
    """Return the texts and sentences of every finding that a repair entry of the release accounts for."""
    path = release / REPAIRS_FILE
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [text for entry in entries for text in _texts(entry)]


def unrepaired(found: Iterable[Finding], accounted: Iterable[str]) -> Findings:
    """Yield each finding without a repair entry, then each entry without a finding."""
    texts, used = set(accounted), set[str]()
    for finding in found:
        matching = {str(finding), finding.sentence} & texts
        used |= matching
        if not matching:
            yield finding
    for text in sorted(texts - used):
        yield Finding(REPAIRS_FILE, f"no finding has the text {text!r}; remove the entry")


def _texts(entry: Mapping[str, Any]) -> Iterator[str]:
    yield from entry.get("findings", ())
    if "sentence" in entry:
        yield entry["sentence"]
