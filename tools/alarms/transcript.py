"""The rehearsal as text, the same in both languages' pages."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools.alarms.rehearsal import Note

BLOCK: Final = re.compile(r"(?<=<!-- rehearsal -->\n).*?(?=<!-- end of rehearsal -->)", re.DOTALL)
PAGES: Final = ("alarms.md", "alarms.ko.md")


def write_transcript(docs: Path, notes: Sequence[Note]) -> None:
    """Put the transcript between the marks of each page."""
    text = transcript(notes)
    for page in PAGES:
        path = docs / page
        path.write_text(BLOCK.sub(lambda _: text, path.read_text(encoding="utf-8")), encoding="utf-8")


def transcript(notes: Sequence[Note]) -> str:
    """Return a fenced block: UTC, seconds since the first line, source, text."""
    began = notes[0].at
    lines = [
        f"{datetime.fromtimestamp(note.at, tz=UTC):%H:%M:%S}  +{note.at - began:5.1f} s  "
        f"{note.source:<10}  {note.event_text}"
        for note in notes
    ]
    return "\n".join(["```", *lines, "```", ""])
