"""Alarms of a running stage: off and over, seen by a subscriber, on the terminal, and by `status`."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.local.alarms.journal import Journal
from infra.local.bring_up import OpenStage
from infra.local.http_call import call
from infra.local.settings import LocalSettings
from infra.names import dead_letter_queue_name, physical_name
from tests.local_stage.caller import Caller, new_world, small_body
from tests.local_stage.subscriber import Subscriber

DEADLINE_SECONDS = 60.0
SECONDS_OF_A_MINUTE = 1.0
ALARM = "stress-engine-dead-letters"


def queue_url(sqs: Any, name: str) -> str:
    return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])


def test_a_dead_letter_rings_until_it_is_gone(
    stage: OpenStage, settings: LocalSettings, subscriber: Subscriber
) -> None:
    sqs = stage.aws.client("sqs")
    url = queue_url(sqs, dead_letter_queue_name("local", "stress_engine"))
    sqs.send_message(QueueUrl=url, MessageBody="a letter")
    subscriber.wait_for(lambda: subscriber.states(ALARM)[-1:] == ["ALARM"], DEADLINE_SECONDS)
    assert ALARM in Journal(settings.alarm_journal).ringing()
    sqs.purge_queue(QueueUrl=url)
    subscriber.wait_for(lambda: subscriber.states(ALARM)[-1:] == ["OK"], DEADLINE_SECONDS)
    assert ALARM not in Journal(settings.alarm_journal).ringing()
    (entry,) = [each for each in Journal(settings.alarm_journal).entries() if each.alarm == ALARM][-2:-1]
    assert (entry.severity, entry.page) == ("warning", "docs/runbook/dead-letters.md")


def test_a_world_that_goes_silent_is_told_late_then_stale_then_well_again(
    stage: OpenStage, hub: Caller, subscriber: Subscriber
) -> None:
    """`backtest` is no stage of any other test here: its counts are this world's own."""
    world = new_world()
    late, stale = "snapshot-lag-warn-backtest", "snapshot-lag-critical-backtest"
    expect(hub, world, warn=2, critical=6)
    assert hub.post(world, small_body(), **{"X-Stage": "backtest"}).status == 201
    with watched_each_second(stage):
        subscriber.wait_for(lambda: subscriber.states(late) == ["ALARM"], DEADLINE_SECONDS)
        subscriber.wait_for(lambda: subscriber.states(stale) == ["ALARM"], DEADLINE_SECONDS)
        expect(hub, world, warn=600, critical=1800)
        subscriber.wait_for(lambda: subscriber.states(stale) == ["ALARM", "OK"], DEADLINE_SECONDS)
        subscriber.wait_for(lambda: subscriber.states(late) == ["ALARM", "OK"], DEADLINE_SECONDS)
    told = [json.loads(each["Message"])["AlarmName"] for each in subscriber.envelopes]
    assert told.index(f"risk-hub-local-{late}") < told.index(f"risk-hub-local-{stale}")


def expect(hub: Caller, world: str, *, warn: int, critical: int) -> None:
    body = {"owner": "desk", "warn_seconds": warn, "critical_seconds": critical}
    headers = {**hub.hub.headers(), "Content-Type": "application/json"}
    url = f"{hub.hub.url}/risk-hub/worlds/{world}/expectations?stage=backtest"
    assert call("PUT", url, headers, json.dumps(body).encode()).status in {200, 201}


@contextmanager
def watched_each_second(stage: OpenStage) -> Iterator[None]:
    """Stand in for the schedule: at this stage's speed a minute lasts a second."""
    over = threading.Event()

    def watch() -> None:
        lambda_ = stage.aws.client("lambda")
        while not over.wait(SECONDS_OF_A_MINUTE):
            lambda_.invoke(FunctionName=physical_name("local", "freshness_monitor"))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
