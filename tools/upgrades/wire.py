"""Recorded traffic between a release's client and hub, and their stored records, as files of the release."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from tools.upgrades.deployed_hub import Json
from tools.upgrades.fixed_world import contains
from tools.upgrades.recomputed import is_recomputed
from tools.upgrades.recorder import SIGNED, UNSIGNED, Recording

WRITES, READS, ANNOUNCED, RECORDS = "wire-writes.jsonl", "wire-reads.jsonl", "announced.jsonl", "records.json"
# Written by hand for the wrong answers of a release: each request, its error and the reason.
REPAIRED = "repaired.json"
# These differ between requests: signatures, and headers that identify a request.
NEW_EACH_TIME: Final = frozenset({"x-correlation-id", "instance", "upload_id"})


@dataclass(frozen=True, slots=True)
class Wire:
    """A recorded release.

    Attributes:
        writes: exchanges that change something, in order, with the reads between them.
        reads: exchanges that change nothing, made after all writes.
        announced: every event that was announced meanwhile.
        records: items of all tables and objects of the bucket, as stored before the reads.
        repaired: requests that the release answered wrongly, as `GET /path`, each with the wrong parts of
            the answer: JSON pointers (RFC 6901) into its body, and names of its headers. A request of
            which only the answers of one status were wrong has that status behind its path.
    """

    writes: list[Json]
    reads: list[Json]
    announced: list[Json]
    records: Json
    repaired: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """Return a recording in the form in which a release stores it."""
        split = recording.reads_from
        return cls(
            recording.exchanges[:split], recording.exchanges[split:], recording.events, recording.records
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the recording of a release."""
        lines = {
            name: [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
            for name in (WRITES, READS, ANNOUNCED)
        }
        records = json.loads((folder / RECORDS).read_text(encoding="utf-8"))
        repaired = folder / REPAIRED
        entries = json.loads(repaired.read_text(encoding="utf-8")) if repaired.exists() else []
        wrong = {_question(each): each["wrong"] for each in entries}
        return cls(lines[WRITES], lines[READS], lines[ANNOUNCED], records, wrong)

    def write(self, folder: Path) -> None:
        """Write the recording as files of a release."""
        for name, documents in ((WRITES, self.writes), (READS, self.reads), (ANNOUNCED, self.announced)):
            (folder / name).write_text(_lines(documents), encoding="utf-8")
        text = json.dumps(self.records, ensure_ascii=False, indent=0)
        (folder / RECORDS).write_text(text + "\n", encoding="utf-8")


def wrong_parts(
    repaired: Mapping[str, Sequence[str]], request_line: str, recorded: Json
) -> Sequence[str] | None:
    """Return the wrong parts of a recorded answer to a request; None if the answer was right."""
    return repaired.get(request_line, repaired.get(f"{request_line} {recorded['status']}"))


def preserves(recorded: Json, now: Json) -> bool:
    """Return whether an answer preserves the recorded one: status, headers, every member of the body.

    A report may have the numbers of a newer engine.
    """
    was, answered = _document(recorded), _document(now)
    return bool(
        recorded["status"] == now["status"]
        and contains(_comparable(recorded["headers"]), _comparable(now["headers"]))
        and (contains(was, answered) or is_recomputed(was, answered))
    )


def repaired_only(recorded: Json, now: Json, wrong: Sequence[str]) -> bool:
    """Return whether an answer differs from the recorded one only in the parts that were wrong.

    Args:
        recorded: the recorded answer.
        now: the other answer.
        wrong: pointers to the members to leave out of the recorded body; the members must exist.
    """
    if recorded["status"] != now["status"] or preserves(recorded, now):
        return False
    return preserves(without(recorded, wrong), now)


def without(answer: Json, wrong: Sequence[str]) -> Json:
    """Return an answer without the body members of the pointers and without the named headers."""
    headers = {name: value for name, value in answer["headers"].items() if name not in wrong}
    document = json.loads(answer["body"])
    # In reverse order, since the members of one list are named in ascending order.
    for pointer in reversed([each for each in wrong if each.startswith("/")]):
        *way, last = _steps(pointer)
        holder = document
        for step in way:
            holder = holder[_index(holder, step)]
        del holder[_index(holder, last)]
    return answer | {"headers": headers, "body": json.dumps(document)}


def _question(entry: Json) -> str:
    status = f" {entry['status']}" if "status" in entry else ""
    return f"{entry['method']} {entry['path']}{status}"


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _index(holder: Any, step: str) -> Any:
    return int(step) if isinstance(holder, list) else step


def _document(answer: Json) -> Any:
    text = str(answer["body"])
    return _comparable(json.loads(text)) if text.startswith(("{", "[")) else text


def _comparable(document: Any) -> Any:
    """Leave out the values that differ each time."""
    if isinstance(document, Mapping):
        return {
            name: _comparable(value)
            for name, value in document.items()
            if name not in NEW_EACH_TIME and not _is_signed(value)
        }
    return [_comparable(each) for each in document] if isinstance(document, list) else document


def _is_signed(value: Any) -> bool:
    return isinstance(value, str) and (value == UNSIGNED or SIGNED.fullmatch(value) is not None)


def _lines(documents: Iterable[Json]) -> str:
    return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
