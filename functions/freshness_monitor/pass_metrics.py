"""Metrics of one pass. The heartbeat is written last, so it confirms that the worlds were written."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from functions.hub.domain.freshness import FreshnessStatus, StageTally
from functions.hub.domain.token_expiry import seconds_to_next_expiry
from functions.hub.ports import TokenStore
from functions.hub.use_cases.watch_freshness import FreshnessPass, WatchFreshness
from functions.hub.world_ports import QueueDepths
from functions.telemetry.metrics import write
from risk_hub_contracts.base import metrics as m
from risk_hub_contracts.base.tokens import Token

MONITOR = "freshness_monitor"


def run_pass(watch: WatchFreshness, queues: QueueDepths, tokens: TokenStore) -> FreshnessPass:
    """Check the worlds, then the queues, then the tokens: a failing dependency must not hide a silent world.

    Raises:
        DependencyUnavailableError: the worlds' store, the queues or the token store did not answer.
    """
    watched = watch()
    report(watched)
    _write_queue_depths(queues.depths())
    write_token_end_metric(tokens.tokens(), watch.clock())
    return watched


def report(watched: FreshnessPass) -> None:
    """Write one line for each stage and for each of the worst worlds, then the heartbeat."""
    for stage, tally in watched.tallies.items():
        _write_stage(stage, tally)
    for freshness_status in watched.worst:
        _write_world(freshness_status)
    write([(m.HEARTBEAT, 1)], {m.WORKER: MONITOR})


def write_token_end_metric(tokens: Sequence[Token], now: datetime) -> None:
    """Write the time until the first token without a successor ends."""
    seconds = seconds_to_next_expiry(tokens, now)
    if seconds is not None:
        write([(m.TOKEN_END, seconds)], {m.WORKER: MONITOR})


def _write_queue_depths(depths: Mapping[str, int]) -> None:
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


def _write_world(freshness_status: FreshnessStatus) -> None:
    dimensions = {m.STAGE: freshness_status.row.stage, m.WORLD_ID: freshness_status.row.world_id}
    missing = float(freshness_status.state == "missing")
    write([*_lag(freshness_status.lag_seconds), (m.SNAPSHOT_MISSING, missing)], dimensions)


def _lag(seconds: float | None) -> list[tuple[m.Metric, float]]:
    return [] if seconds is None else [(m.SNAPSHOT_LAG, seconds)]
