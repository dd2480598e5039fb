"""`python -m tests.upgrades.reader FOLDER`, run in a checkout of a release beside this tree's tests: a wire, read by it.

The records of the wire in FOLDER are put into the hub of the code that is imported here; its relay takes them, its workers
the events, and its doors answer the wire's questions. Nothing is imported that the release may not have.
"""

import json
import sys
from pathlib import Path

from tests.fakes.clock import START, FrozenClock
from tests.upgrades.one_hub import instant_of, one_hub
from tests.upgrades.recorder import send
from tests.upgrades.wire import Wire

ANSWERS = "answers.json"


def main(folder: Path) -> None:
    """Work on the wire's records and events with the code that is imported here; write what it answers."""
    wire, answers = Wire.read(folder), []
    with one_hub(FrozenClock(START), validated=False) as hub:
        hub.put_records(wire.records)
        for item in (*wire.records["tables"]["snapshots"], *wire.records["tables"]["evaluations"]):
            hub.relay(item)
        for event in wire.announced:
            hub.clock.now = instant_of(event["time"])
            hub.work_on(event)
        for each in wire.reads:
            hub.clock.now = instant_of(each["at"])
            answers.append(send(hub, each["request"]))
    (folder / ANSWERS).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
