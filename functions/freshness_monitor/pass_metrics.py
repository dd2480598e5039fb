"""Metrics of one pass. The heartbeat is written last, so it confirms that the worlds were written."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from functions.hub.domain.freshness import StageTally, Standing
from functions.hub.domain.token_expiry import seconds_to_next_end
from functions.hub.ports import TokenStore
from functions.hub.use_cases.watch_freshness import Watched, WatchFreshness
from functions.hub.world_ports import QueueDepths
from functions.telemetry.metrics import write
from risk_hub_contracts.base import metrics as m
from risk_hub_contracts.base.tokens import Token

MONITOR = "freshness_monitor"


def make_a_pass(watch: WatchFreshness, queues: QueueDepths, tokens: TokenStore) -> Watched:
    """Check the worlds, then the queues, then the tokens: a failing dependency must not hide a silent world.

    Raises:
        UnavailableError: the worlds' store, the queues or the token store did not answer.
    """
    watched = watch()
    report(watched)
    _report_depths(queues.depths())
    report_token_end(tokens.tokens(), watch.clock())
    return watched


def report(watched: Watched) -> None:
    """Write one line for each stage and for each of the worst worlds, then the heartbeat."""
    for stage, tally in watched.tallies.items():
        _write_stage(stage, tally)
    for standing in watched.worst:
        _write_world(standing)
    write([(m.HEARTBEAT, 1)], {m.WORKER: MONITOR})


def report_token_end(tokens: Sequence[Token], now: datetime) -> None:
    """Write the time until the first token without a successor ends."""
    seconds = seconds_to_next_end(tokens, now)
    if seconds is not None:
        write([(m.TOKEN_END, seconds)], {m.WORKER: MONITOR})


def _report_depths(depths: Mapping[str, int]) -> None:
    """Write the number of waiting messages of each queue."""
    for queue, depth in depths.items():
        write([(m.QUEUE_DEPTH, depth)], {m.QUEUE: queue})


def _write_stage(stage: str, tally: StageTally) -> None:
    counts = [
        (m.SNAPSHOT_MISSING, tally.missing),
        (m.WORLDS_LATE, tally.late),
        (m.WORLDS_STALE, tally.stale),
        (m.WORLDS_QUIET, tally.quiet),
        (m.SILENCE_SPREAD, tally.spread),
        (m.WORLDS_EXPECTED, tally.expected),
        (m.WORLDS_UNEXPECTED, tally.unexpected),
    ]
    write([*_lag(tally.worst_lag_seconds), *counts], {m.STAGE: stage})


def _write_world(standing: Standing) -> None:
    dimensions = {m.STAGE: standing.row.stage, m.WORLD_ID: standing.row.world_id}
    missing = float(standing.state == "missing")
    write([*_lag(standing.lag_seconds), (m.SNAPSHOT_MISSING, missing)], dimensions)


def _lag(seconds: float | None) -> list[tuple[m.Metric, float]]:
    return [] if seconds is None else [(m.SNAPSHOT_LAG, seconds)]
