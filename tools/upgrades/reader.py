"""`python -m tools.upgrades.reader FOLDER`, run in a release's checkout next to this tree's tests: read a
wire.

The records of the wire in FOLDER are put into the hub of the imported code; its relay takes them, its workers
process the events, and its handlers answer the wire's questions. Only modules that the release has are
imported.
"""

import json
import sys
from pathlib import Path

from tests.fakes.clock import START, FrozenClock
from tools.upgrades.deployed_hub import deployed_hub, instant_of
from tools.upgrades.recorder import send
from tools.upgrades.wire import Wire

ANSWERS = "answers.json"


def main(folder: Path) -> None:
    """Process the wire's records and events with the imported code; write its answers."""
    wire, answers = Wire.read(folder), []
    with deployed_hub(FrozenClock(START), validated=False) as hub:
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
