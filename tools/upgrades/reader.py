"""Invoke a release's functions on moto: `python -P reader.py PLAN ASSEMBLY ANSWERS`, in the release's checkout.

The program imports the standard library, boto3 and moto; of the release, it knows only what its templates say: the
tables, the environment of each function and its handler. The names of modules may therefore differ between releases.
"""

import base64
import importlib
import json
import os
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import boto3
from moto import mock_aws

Json = dict[str, Any]

TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "BillingMode",
    "StreamSpecification",
)
# The file of this tree, loaded by path: the release's checkout may have another version or none.
MOTO_WORKAROUND = Path(__file__).parents[2] / "tests" / "fakes" / "moto_indexes.py"
# Position of the purpose in `risk-hub-<stage>-<purpose>`; a later table of the same purpose has a number after it.
PURPOSE_WORD = 3
# The information that Lambda gives to a handler about its invocation.
CONTEXT = SimpleNamespace(
    aws_request_id="invocation",
    function_name="function",
    memory_limit_in_mb=1,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:function",
    get_remaining_time_in_millis=lambda: 60_000,
)


class _DelegatingType(type):
    """Behave like `datetime` in every respect that the class itself does not define."""

    def __getattr__(cls, name: str) -> Any:
        return getattr(datetime, name)

    def __call__(cls, *arguments: Any, **named: Any) -> datetime:
        return datetime(*arguments, **named)  # noqa: DTZ001 - the caller chooses the time zone

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class ManualDatetime(metaclass=_DelegatingType):
    """`datetime` whose present is set by this program."""

    present: ClassVar[datetime]

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        """Return the time that was set."""
        return cls.present.astimezone(tz)


class ReleasedCode:
    """The functions of a release, created on their first invocation."""

    def __init__(self, tree: Path, resources: Sequence[Json]) -> None:
        """Find the handlers in the templates' resources."""
        functions = [each["Properties"] for each in resources if each["Type"] == "AWS::Lambda::Function"]
        self._folders = {tree / each["Handler"].partition(".")[0] for each in functions}
        self._paths = {_folder(each["Handler"]): each["Handler"] for each in functions}
        self._handlers: dict[str, Any] = {}

    def invoke(self, invocation: Json) -> Any:
        """Invoke a function with an event, at the time of the invocation."""
        function = invocation["function"]
        if function not in self._handlers:
            module, _, name = self._paths[function].rpartition(".")
            self._handlers[function] = getattr(importlib.import_module(module), name)
        ManualDatetime.present = datetime.fromisoformat(invocation["at"])
        self._replace_clocks()
        return self._handlers[function](invocation["event"], CONTEXT)

    def _replace_clocks(self) -> None:
        """Give the modules of the functions the class whose present is set."""
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if file and self._folders.intersection(Path(file).parents) and _reads_time(module):
                vars(module)["datetime"] = ManualDatetime


def main(plan: Path, assembly: Path, answers: Path) -> None:
    """Put the records of the plan, invoke its functions in order, and write what those of its requests answered."""
    steps = json.loads(plan.read_text(encoding="utf-8"))
    templates = [json.loads(path.read_text(encoding="utf-8")) for path in assembly.glob("*.template.json")]
    resources = [resource for template in templates for resource in template["Resources"].values()]
    code = ReleasedCode(Path.cwd(), resources)
    with _deployed(resources, steps["environment"], steps["tokens"]):
        _put_records(steps["records"])
        for each in steps["invocations"]:
            _require_success(each["function"], code.invoke(each))
        _require_empty_failure_queue(steps["environment"]["RISK_HUB_FAILURE_QUEUE_URL"])
        answered = [code.invoke(each) for each in steps["requests"]]
    answers.write_text(json.dumps(answered), encoding="utf-8")


@contextmanager
def _deployed(resources: Sequence[Json], environment: Mapping[str, str], tokens: Json) -> Iterator[None]:
    """Deploy the tables of the templates, the bucket, the bus, the failure queue and the tokens on moto."""
    os.environ.update({**_template_environment(resources), **environment})
    runpy.run_path(str(MOTO_WORKAROUND))["fetch_through_local_indexes"]()
    with mock_aws():
        for each in resources:
            if each["Type"] == "AWS::DynamoDB::Table":
                _create_table(each["Properties"])
        boto3.client("s3").create_bucket(Bucket=environment["RISK_HUB_BUCKET"])
        boto3.client("events").create_event_bus(Name=environment["RISK_HUB_BUS_NAME"])
        queue = environment["RISK_HUB_FAILURE_QUEUE_URL"].rpartition("/")[2]
        boto3.client("sqs").create_queue(QueueName=queue)
        secret = environment["RISK_HUB_TOKENS_SECRET_ARN"]
        boto3.client("secretsmanager").create_secret(Name=secret, SecretString=json.dumps(tokens))
        yield


def _template_environment(resources: Sequence[Json]) -> dict[str, str]:
    """Return the literal environment variables of all functions."""
    return {
        name: value
        for each in resources
        if each["Type"] == "AWS::Lambda::Function"
        for name, value in each["Properties"].get("Environment", {}).get("Variables", {}).items()
        if isinstance(value, str)
    }


def _create_table(declared: Json) -> None:
    """Create a table under the words of its purpose: `snapshots` of `risk-hub-<stage>-snapshots-2`."""
    wanted = {name: declared[name] for name in TABLE_PROPERTIES if name in declared}
    if "StreamSpecification" in wanted:
        wanted["StreamSpecification"] = {**wanted["StreamSpecification"], "StreamEnabled": True}
    words = str(declared["TableName"]).split("-")[PURPOSE_WORD:]
    purpose = "_".join(word for word in words if not word.isdecimal())
    boto3.client("dynamodb").create_table(TableName=purpose, **wanted)


def _put_records(records: Json) -> None:
    """Put the records as stored."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    for table, items in records["tables"].items():
        for item in items:
            dynamodb.put_item(TableName=table, Item=_with_bytes(item))
    for each in records["objects"]:
        s3.put_object(
            Bucket=os.environ["RISK_HUB_BUCKET"],
            Key=each["key"],
            Body=base64.b64decode(each["base64"]),
            Metadata=each["metadata"],
            ChecksumAlgorithm="SHA256",
        )


def _with_bytes(item: Json) -> Json:
    return {
        name: {kind: base64.b64decode(value) if kind == "B" else value}
        for name, typed in item.items()
        for kind, value in typed.items()
    }


def _require_success(function: str, reply: Any) -> None:
    """Stop if a function returned a record or a message to its source."""
    if reply and reply.get("batchItemFailures"):
        raise RuntimeError(f"{function} could not process {reply['batchItemFailures']}")


def _require_empty_failure_queue(url: str) -> None:
    """Stop if the relay sent a record to its failure queue."""
    messages = boto3.client("sqs").receive_message(QueueUrl=url).get("Messages", [])
    if messages:
        raise RuntimeError(f"event_relay sent a record to its failure queue: {messages[0]['Body'][:500]}")


def _reads_time(module: ModuleType) -> bool:
    return vars(module).get("datetime") is datetime


def _folder(handler: str) -> str:
    """Return the function folder of `functions.<folder>.<module>.<handler>`."""
    return handler.split(".")[1]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
