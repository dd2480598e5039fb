"""A stage on moto: its queues and tables; move tasks and the relay are implemented here (moto lacks both)."""

import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.names import TABLE_KEYS, TableName, table_name
from infra.ops.operate import cli, stage_access
from infra.ops.operate.queue_list import queues_of

STAGE = "dev"
Answer = dict[str, Any]


@dataclass
class RelayDouble:
    """Answer invocations from a list, or as if everything requested had been found."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def invoke(self, FunctionName: str, Payload: bytes) -> Answer:  # noqa: N803 - boto3's own names
        assert FunctionName == f"risk-hub-{STAGE}-event-relay"
        request = json.loads(Payload)["replay"]
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else self.all_found(request)
        fault = {"FunctionError": "Unhandled"} if "errorMessage" in answer else {}
        return {**fault, "Payload": io.BytesIO(json.dumps(answer).encode())}

    @staticmethod
    def all_found(request: dict[str, Any]) -> Answer:
        count = len(request.get("versions", [])) + len(request.get("evaluations", []))
        return page(count)


def page(found: int, **changes: Any) -> Answer:
    nothing: Answer = {"expired": 0, "reached": None, "next_cursor": None, "missing": [], "unreadable": []}
    return {"found": found, "announced": found, **nothing, **changes}


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "for a test"}}, operation)


class Sqs:
    """moto's SQS, with move tasks as documented by AWS, or without them."""

    def __init__(self, *, move_tasks: bool) -> None:
        self.real = boto3.client("sqs")
        self.move_tasks = move_tasks
        self.tasks: list[dict[str, Any]] = []
        self.outcome: dict[str, Any] = {"Status": "COMPLETED"}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def start_message_move_task(self, **arguments: Any) -> dict[str, str]:
        if not self.move_tasks:
            raise refusal("InvalidAction", "StartMessageMoveTask")
        self.tasks.append(arguments)
        source, target = (
            self.url(arguments[name].rpartition(":")[2]) for name in ("SourceArn", "DestinationArn")
        )
        for message in bodies(self.real, source):
            self.real.send_message(QueueUrl=target, MessageBody=message)
        self.real.purge_queue(QueueUrl=source)
        return {"TaskHandle": "task"}

    def list_message_move_tasks(self, **_: Any) -> dict[str, Any]:
        return {"Results": [{"ApproximateNumberOfMessagesMoved": 3, **self.outcome}]}

    def url(self, name: str) -> str:
        return str(self.real.get_queue_url(QueueName=name)["QueueUrl"])


def bodies(sqs: Any, url: str) -> list[str]:
    """Return the bodies of all messages of a queue; they stay there, hidden."""
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
    return found


@dataclass
class Stage:
    sqs: Sqs
    relay: RelayDouble

    def client(self, service: str) -> Any:
        doubles: dict[str, Any] = {"sqs": self.sqs, "lambda": self.relay}
        return doubles.get(service) or boto3.client(service)  # type: ignore[call-overload]

    def send(self, queue: str, *messages: str) -> None:
        for message in messages:
            self.sqs.send_message(QueueUrl=self.url(queue), MessageBody=message)

    def held(self, queue: str) -> list[str]:
        return sorted(bodies(self.sqs, self.url(queue)))

    def url(self, queue: str) -> str:
        return self.sqs.url(f"risk-hub-{STAGE}-{queue}")


Run = Callable[..., int]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    with mock_aws():
        yield


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage without move tasks, like the emulator; its queues are those declared in the template."""
    made = Stage(Sqs(move_tasks=False), RelayDouble())
    for queue in queues_of(STAGE):
        made.sqs.create_queue(QueueName=queue.name)
    monkeypatch.setattr(stage_access, "clients_for", lambda _: made)
    return made


@pytest.fixture
def run() -> Run:
    """Run a command against the stage and return its exit status."""

    def command(*arguments: str) -> int:
        try:
            return cli.main([*arguments, "--stage-name", STAGE])
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else 99

    return command


@pytest.fixture
def tables() -> Any:
    client = boto3.client("dynamodb")
    declared: tuple[TableName, ...] = ("snapshots", "worlds")
    for name in declared:
        first, second = TABLE_KEYS[name]
        client.create_table(
            TableName=table_name(STAGE, name),
            KeySchema=[
                {"AttributeName": first, "KeyType": "HASH"},
                {"AttributeName": second, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in TABLE_KEYS[name]],
            BillingMode="PAY_PER_REQUEST",
        )
    return client


def key(**values: str) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in values.items()}
