"""Lambda entry point of event_relay."""

from dataclasses import asdict
from typing import Any

from functions.event_relay.report import report
from functions.hub import log
from functions.hub.composition import Composition

_parts = Composition()
_relay, _replay = _parts.relay_records(), _parts.replay_snapshots()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Announce one batch of stream records, or replay what an operator asks for.

    An error makes the stream deliver the whole batch again.
    """
    if "replay" in event:
        replayed = asdict(_replay(event["replay"]))
        log.info("replayed", replay=event["replay"], **replayed)
        return replayed
    relayed = _relay(event["Records"])
    log.info("relayed", announced=relayed.announced, isolated=relayed.isolated)
    report(event["Records"], relayed, _parts.clock())
    return {"batchItemFailures": []}
