"""What passed between a release's client and its hub, and what lay in its stores, as files of the release."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from tests.upgrades.kept import holds
from tests.upgrades.one_hub import Json
from tests.upgrades.recorder import SIGNED, UNSIGNED, Recording

WRITES, READS, ANNOUNCED, RECORDS = "wire-writes.jsonl", "wire-reads.jsonl", "announced.jsonl", "records.json"
# Written by hand, for what a release answered wrongly: each question with what was wrong, and why.
REPAIRED = "repaired.json"
# They differ from one request to the next: signatures, and headers that name a request.
NEW_EACH_TIME: Final = frozenset({"x-correlation-id", "instance", "upload_id"})


@dataclass(frozen=True, slots=True)
class Wire:
    """A recorded release.

    Attributes:
        writes: exchanges that change something, in their order, with the reads between them.
        reads: exchanges that change nothing, asked of what the others left.
        announced: every event that was announced meanwhile.
        records: items of all tables and objects of the bucket, as they lay before the reads.
        repaired: questions that the release answered wrongly, as `GET /path`, each with what was wrong in the answer:
            JSON pointers (RFC 6901) into its body, and names of its headers.
    """

    writes: list[Json]
    reads: list[Json]
    announced: list[Json]
    records: Json
    repaired: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """Return a recording as a release keeps it."""
        split = recording.reads_from
        return cls(
            recording.exchanges[:split], recording.exchanges[split:], recording.events, recording.records
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what a release froze."""
        lines = {
            name: [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
            for name in (WRITES, READS, ANNOUNCED)
        }
        records = json.loads((folder / RECORDS).read_text(encoding="utf-8"))
        repaired = folder / REPAIRED
        entries = json.loads(repaired.read_text(encoding="utf-8")) if repaired.exists() else []
        wrong = {f"{each['method']} {each['path']}": each["wrong"] for each in entries}
        return cls(lines[WRITES], lines[READS], lines[ANNOUNCED], records, wrong)

    def write(self, folder: Path) -> None:
        """Write it as files of a release."""
        for name, documents in ((WRITES, self.writes), (READS, self.reads), (ANNOUNCED, self.announced)):
            (folder / name).write_text(_lines(documents), encoding="utf-8")
        text = json.dumps(self.records, ensure_ascii=False, indent=0)
        (folder / RECORDS).write_text(text + "\n", encoding="utf-8")


def kept(answered: Json, now: Json) -> bool:
    """Tell whether an answer still says what the recorded one said: status, headers, every member of the body."""
    return bool(
        answered["status"] == now["status"]
        and holds(_comparable(answered["headers"]), _comparable(now["headers"]))
        and holds(_document(answered), _document(now))
    )


def repaired_only(answered: Json, now: Json, wrong: Sequence[str]) -> bool:
    """Tell whether an answer differs from the recorded one, and still says all of it that was not wrong.

    Args:
        answered: the recorded answer.
        now: the other one.
        wrong: pointers to what is left out of the recorded body; what they name must be there.
    """
    if answered["status"] != now["status"] or kept(answered, now):
        return False
    return kept(without(answered, wrong), now)


def without(answer: Json, wrong: Sequence[str]) -> Json:
    """Return an answer whose body lacks what the pointers name, and whose headers lack those that are named."""
    headers = {name: value for name, value in answer["headers"].items() if name not in wrong}
    document = json.loads(answer["body"])
    # From the last: members of one list are named in their order.
    for pointer in reversed([each for each in wrong if each.startswith("/")]):
        *way, last = _steps(pointer)
        holder = document
        for step in way:
            holder = holder[_index(holder, step)]
        del holder[_index(holder, last)]
    return answer | {"headers": headers, "body": json.dumps(document)}


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _index(holder: Any, step: str) -> Any:
    return int(step) if isinstance(holder, list) else step


def _document(answer: Json) -> Any:
    text = str(answer["body"])
    return _comparable(json.loads(text)) if text.startswith(("{", "[")) else text


def _comparable(document: Any) -> Any:
    """Leave out what is new each time."""
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
