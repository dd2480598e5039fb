"""Alarms of a running stage: off and over, seen by a subscriber, on the terminal, and by `status`."""

from typing import Any

from infra.local.alarms.journal import Journal
from infra.local.bring_up import OpenStage
from infra.local.settings import LocalSettings
from infra.names import dead_letter_queue_name
from tests.local_stage.subscriber import Subscriber

DEADLINE_SECONDS = 60.0
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
