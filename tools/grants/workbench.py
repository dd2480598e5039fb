"""A stage whose functions run only when called by the experiment, one step of a snapshot's path at a time."""

import base64
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from infra.local.bring_up import RunningStage
from infra.names import (
    ANCHOR_PREFIX,
    ANCHOR_PREFIX_VARIABLE,
    BLOB_GRACE_HOURS,
    HOT_SECONDS,
    MOVE_SETTLE_SECONDS,
    FunctionFolder,
    TableName,
    log_group_name,
    physical_name,
    queue_name,
    relay_failures_name,
    table_name,
)
from tests.local_stage.caller import Caller

Key = dict[str, str]
LOG_POLLS, LOG_POLL_SECONDS = 10, 0.5


class Workbench:
    """Call the functions of one stage, each as its event source would."""

    def __init__(self, stage: RunningStage) -> None:
        self.hub = Caller(stage.hub)
        self.outputs = stage.deployment.outputs
        self._lambda = stage.aws.client("lambda")
        self.dynamodb = stage.aws.client("dynamodb")
        self._sqs = stage.aws.client("sqs")
        self._logs = stage.aws.client("logs")
        self.s3 = stage.aws.client("s3")
        self.secrets = stage.aws.client("secretsmanager")
        self.bucket = self.outputs["BucketName"]
        self.bucket_names = {self.bucket: "bucket", self.outputs["AnchorBucketName"]: "anchors"}

    def invoke(self, folder: FunctionFolder, event: dict[str, Any]) -> Any:
        """Call a function and return its answer; an exception fails the scenario."""
        answer = self._lambda.invoke(
            FunctionName=physical_name("local", folder), Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read() or b"null")
        assert "FunctionError" not in answer, payload
        return payload

    def restart(self, folder: FunctionFolder) -> None:
        """Let the next call of a function start a new process, without cached tokens."""
        self._set(folder, {"EXPERIMENT_STARTED": str(time.monotonic_ns())})

    def disable_reaper_grace(self) -> None:
        """Remove the reaper's grace period."""
        self._set("blob_reaper", {BLOB_GRACE_HOURS: "0"})

    def disable_hot_window(self) -> None:
        """Let the mover move every snapshot that history may hold, however new its commit is."""
        self._set("snapshot_mover", {HOT_SECONDS: "1", MOVE_SETTLE_SECONDS: "0"})

    def begin_anchors(self) -> str:
        """Let anchor_keeper begin a new chain of anchors, and return the prefix of its keys."""
        prefix = f"{ANCHOR_PREFIX}{secrets.token_hex(4)}"
        self._set("anchor_keeper", {ANCHOR_PREFIX_VARIABLE: prefix})
        return prefix

    def relay(self, table: TableName, key: Key) -> Any:
        """Give the relay the stream record of one stored item, and return its answer."""
        return self.invoke("event_relay", {"Records": [self.record(table, key)]})

    def record(self, table: TableName, key: Key) -> dict[str, Any]:
        """Return the record that the table's stream would hold of an item."""
        name = table_name("local", table)
        item = self.dynamodb.get_item(TableName=name, Key={k: {"S": v} for k, v in key.items()})["Item"]
        image = {name: _as_in_a_stream(value) for name, value in item.items()}
        keys = {name: image[name] for name in key}
        return {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": image}}

    def put_item(self, table: TableName, item: Key) -> None:
        """Store an item without the hub."""
        self.dynamodb.put_item(
            TableName=table_name("local", table), Item={k: {"S": v} for k, v in item.items()}
        )

    def require_metric_of(self, folder: FunctionFolder, world: str) -> None:
        """Fail unless the function's log has a metric line of this world."""
        group, wanted = log_group_name("local", folder), f'"world_id":"{world}"'
        for _ in range(LOG_POLLS):
            events = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            lines = [event["message"] for page in events for event in page["events"]]
            if any("_aws" in line and wanted in line for line in lines):
                return
            time.sleep(LOG_POLL_SECONDS)
        raise AssertionError(f"{folder} wrote no metric of {world}")

    def stored(self, world: str, prefix: str) -> list[str]:
        """Return the ids of a world's evaluations that begin with a prefix."""
        answer = self.dynamodb.query(
            TableName=table_name("local", "evaluations"),
            KeyConditionExpression="world_id = :world AND begins_with(evaluation_id, :prefix)",
            ExpressionAttributeValues={":world": {"S": world}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
        )
        return [item["evaluation_id"]["S"] for item in answer["Items"]]

    def work(self, worker: FunctionFolder, world: str) -> None:
        """Give a worker the message about a world in its queue; fail unless the worker completes it."""
        reply = self.invoke(worker, {"Records": [self._message(queue_name("local", worker), world)]})
        assert reply == {"batchItemFailures": []}, reply

    def is_in_failure_queue(self, text: str) -> bool:
        """Return whether the relay's failure queue holds a message with this text."""
        return self._receive(relay_failures_name("local"), lambda body: text in body) is not None

    def _message(self, queue: str, world: str) -> dict[str, Any]:
        found = self._receive(queue, lambda body: json.loads(body)["detail"]["subject"] == world)
        assert found is not None, f"{queue} holds no message about {world}"
        return {
            "messageId": found["MessageId"],
            "body": found["Body"],
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
        }

    def _receive(self, queue: str, wanted: Callable[[str], bool]) -> dict[str, Any] | None:
        """Receive everything in a queue, and return the requested messages."""
        url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found: dict[str, Any] | None = None
        while messages := self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found = message if wanted(message["Body"]) else found
        return found

    def _set(self, folder: FunctionFolder, variables: dict[str, str]) -> None:
        name = physical_name("local", folder)
        given = self._lambda.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        self._lambda.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**given, **variables}}
        )


def disable_event_sources(stage: RunningStage) -> None:
    """Stop the stage's event sources and schedules, so that only the experiment's calls meet a narrowed role."""
    functions, scheduler = stage.aws.client("lambda"), stage.aws.client("scheduler")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    for schedule in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])


def _as_in_a_stream(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
