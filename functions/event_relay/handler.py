"""Lambda entry point of event_relay."""

from dataclasses import asdict
from typing import Any

from functions.event_relay.batch_metrics import report
from functions.telemetry import log
from functions.wiring.composition import Composition
from risk_hub_contracts.base.problem_types import ProblemError

_dependencies = Composition()
_relay, _replay = _dependencies.relay_records(), _dependencies.replay_snapshots()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Announce one batch of stream records, or replay what an operator asks for.

    An error makes the stream deliver the whole batch again.
    """
    if "replay" in event:
        return _replay_result(event["replay"])
    relayed = _relay(event["Records"])
    log.info("relayed", announced=relayed.announced, isolated=relayed.isolated)
    report(event["Records"], relayed, _dependencies.clock())
    return {"batchItemFailures": []}


def _replay_result(request: dict[str, Any]) -> dict[str, Any]:
    """Return how a replay went, or `refused` with the reason: an operator's mistake is not an error of the function."""
    try:
        replayed = asdict(_replay(request))
    except (ValueError, ProblemError) as error:
        log.warning("a replay was refused", error)
        return {"refused": str(error)}
    log.info("replayed", replay=request, **replayed)
    return replayed
