"""Synthesized templates, and the queries of the tests on them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.cdk.constructs.function_code import placeholder_code
from infra.cdk.stacks.hub import add_hub, new_app
from infra.context_values import resolve_environment
from infra.environments import ENVIRONMENTS, EnvironmentSpec
from infra.functions import WORKER_EVENTS
from infra.names import StackPart, TableName, stack_name, table_name

STAGE_NAMES = ("local", "dev", "staging", "prod")
CLOUD_STAGE_NAMES = ("dev", "staging", "prod")
OFFICE_NETWORKS = "203.0.113.0/24,2001:db8::/48"


def _worker_queues() -> Iterator[tuple[str, str]]:
    """Yield the part of each worker queue's logical id with the queue's name."""
    for worker in WORKER_EVENTS:
        construct_id, name = worker.title().replace("_", ""), worker.replace("_", "-")
        yield f"{construct_id}QueueDeadLetters", f"{name}-dead-letters"
        yield f"{construct_id}Queue", name


# Parts of CDK's logical ids that identify the target of a reference.
_REFERENTS = {
    "TablesSnapshots": "snapshots",
    "TablesWorlds": "worlds",
    "TablesEvaluationruns": "evaluation_runs",
    "TablesEvaluations": "evaluations",
    "TablesMarks": "marks",
    "TablesSegments": "segments",
    "TablesPolicies": "policies",
    "AnchorsBucket": "anchors",
    "BlobsArchiveBucket": "archive",
    "BlobsBucket": "bucket",
    "AccessTokens": "tokens",
    "RelayFailures": "relay-failures",
    **dict(_worker_queues()),
    "Bus": "bus",
    "Logs": "log",
}

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Assembly:
    """The synthesized stacks of one stage."""

    stage: str
    folder: Path
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> EnvironmentSpec:
        """Return the row of the stage table, with the settings given from outside."""
        return resolve_environment(self.stage, **self.given)

    def template(self, part: StackPart) -> dict[str, Any]:
        """Return the template of one of the stage's stacks."""
        text = (self.folder / f"{stack_name(self.stage, part)}.template.json").read_text(encoding="utf-8")
        template: dict[str, Any] = json.loads(text)
        return template

    def parts(self) -> list[StackPart]:
        """Return the stacks that the stage has."""
        every: tuple[StackPart, ...] = ("data", "service", "operations")
        return [p for p in every if (self.folder / f"{stack_name(self.stage, p)}.template.json").exists()]

    def resources(self, part: StackPart, resource_type: str) -> dict[str, dict[str, Any]]:
        """Return logical id to resource of one type."""
        found = self.template(part)["Resources"].items()
        return {logical_id: each for logical_id, each in found if each["Type"] == resource_type}

    def properties(self, part: StackPart, resource_type: str) -> list[Properties]:
        """Return the properties of every resource of one type."""
        return [each["Properties"] for each in self.resources(part, resource_type).values()]

    def function(self, folder: str) -> Properties:
        """Return the function that runs a folder of functions/."""
        return only(
            each
            for each in self.properties("service", "AWS::Lambda::Function")
            if each["Handler"] == f"functions.{folder}.handler.handler"
        )

    def table(self, name: TableName) -> dict[str, Any]:
        """Return a table's complete resource."""
        return only(
            each
            for each in self.resources("data", "AWS::DynamoDB::Table").values()
            if each["Properties"]["TableName"] == table_name(self.stage, name)
        )

    def blob_bucket(self) -> Properties:
        """Return the bucket that the functions use; an archive has no upkeep."""
        buckets = self.properties("data", "AWS::S3::Bucket")
        return only(each for each in buckets if "LifecycleConfiguration" in each)

    def queue(self, name: str) -> Properties:
        """Return a queue's properties."""
        return only(
            each
            for each in self.properties("service", "AWS::SQS::Queue")
            if each["QueueName"] == f"risk-hub-{self.stage}-{name}"
        )


def synthesize(stage: str, folder: Path, **given: str) -> Assembly:
    """Synthesize a stage with placeholders for code; cdk-nag checks it meanwhile."""
    app = new_app(folder / "cdk.out")
    if ENVIRONMENTS[stage].networks_required:
        given = {"allowed_networks": OFFICE_NETWORKS, **given}
    add_hub(app, resolve_environment(stage, **given), placeholder_code(folder / "code"))
    app.synth()
    return Assembly(stage, folder / "cdk.out", given)


def only(found: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Return the only element."""
    every = list(found)
    assert len(every) == 1, every
    return every[0]


def referent(value: Any) -> str:
    """Return the target of a reference in readable form: `bucket/risk-blobs/*`, `snapshots/index/by_stage`."""
    if isinstance(value, str):
        return value
    ((how, what),) = value.items()
    if how == "Fn::Join":
        return "".join(referent(part) for part in what[1])
    name = what if isinstance(what, str) else ".".join(what)
    for part, readable in _REFERENTS.items():
        if part in re.sub(r"^.*?:", "", name):
            return f"{readable}/stream" if "StreamArn" in name else readable
    return name


def listed(value: Any) -> list[Any]:
    """Return a value that CloudFormation allows as one or many, always as a list."""
    return value if isinstance(value, list) else [value]
