"""Alarms of a running stage: firing and recovery, seen by a subscriber, on the terminal, and by `status`."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from infra.local.alarms.journal import Journal
from infra.local.bring_up import RunningStage
from infra.local.settings import LocalSettings
from infra.names import dead_letter_queue_name, physical_name
from tests.fakes.calls import call
from tests.local_stage.caller import Caller, new_world, small_body
from tests.local_stage.subscriber import Subscriber

DEADLINE_SECONDS = 60.0
SECONDS_OF_A_MINUTE = 1.0
DEAD_LETTERS, ERRORS = "stress-engine-dead-letters", "event-relay-errors"
RELAY = physical_name("local", "event_relay")


def queue_url(sqs: Any, name: str) -> str:
    return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])


def test_dead_letter_and_function_error_alarms_fire_and_recover(
    stage: RunningStage, settings: LocalSettings, subscriber: Subscriber
) -> None:
    sqs, journal = stage.aws.client("sqs"), Journal(settings.alarm_journal)
    url = queue_url(sqs, dead_letter_queue_name("local", "stress_engine"))
    sqs.send_message(QueueUrl=url, MessageBody="a letter")
    raised = stage.aws.client("lambda").invoke(FunctionName=RELAY, Payload=b'{"no": "records"}')
    assert raised["FunctionError"] == "Unhandled"
    for alarm in (DEAD_LETTERS, ERRORS):
        subscriber.wait_for(partial(is_last, subscriber, alarm, "ALARM"), DEADLINE_SECONDS)
    assert DEAD_LETTERS in journal.active_alarms()
    sqs.purge_queue(QueueUrl=url)
    for alarm in (DEAD_LETTERS, ERRORS):
        subscriber.wait_for(partial(is_last, subscriber, alarm, "OK"), DEADLINE_SECONDS)
        assert alarm not in journal.active_alarms()
    rang, over = [each for each in journal.entries() if each.alarm == DEAD_LETTERS][-2:]
    assert (rang.severity, rang.page, rang.after) == ("warning", "docs/runbook/dead-letters.md", "ALARM")
    assert over.after == "OK"


def is_last(subscriber: Subscriber, alarm: str, state: str) -> bool:
    return subscriber.states(alarm)[-1:] == [state]


def test_world_without_updates_fires_warning_then_critical_lag_alarm_and_recovers(
    stage: RunningStage, hub: Caller, subscriber: Subscriber
) -> None:
    """No other test here uses the stage `backtest`: its counts belong to this world."""
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
    reported = [json.loads(each["Message"])["AlarmName"] for each in subscriber.envelopes]
    assert reported.index(f"risk-hub-local-{late}") < reported.index(f"risk-hub-local-{stale}")


def expect(hub: Caller, world: str, *, warn: int, critical: int) -> None:
    body = {"owner": "desk", "warn_seconds": warn, "critical_seconds": critical}
    headers = {**hub.hub.headers(), "Content-Type": "application/json"}
    url = f"{hub.hub.url}/risk-hub/worlds/{world}/expectations?stage=backtest"
    assert call("PUT", url, headers, json.dumps(body).encode()).status in {200, 201}


@contextmanager
def watched_each_second(stage: RunningStage) -> Iterator[None]:
    """Replace the schedule: at this stage's speed a minute lasts a second."""
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
