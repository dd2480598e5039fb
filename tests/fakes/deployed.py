"""The environment of deployed handlers on moto: settings, tables, bucket, bus, queue, secret."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

import boto3
from moto import mock_aws

from functions.hub.adapters import aws
from risk_hub_contracts.base.tokens import Scope
from tests.adapters.conftest import ASSEMBLY, create_table

REGION = "us-east-1"
QUEUES = f"https://sqs.{REGION}.amazonaws.com/123456789012"
# Settings that the templates pass to the functions by reference; the others are read from the templates.
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "deployed",
    "AWS_SECRET_ACCESS_KEY": "deployed",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    "RISK_HUB_SNAPSHOTS_TABLE": "snapshots",
    "RISK_HUB_WORLDS_TABLE": "worlds",
    "RISK_HUB_EVALUATIONS_TABLE": "evaluations",
    "RISK_HUB_MARKS_TABLE": "marks",
    "RISK_HUB_POLICIES_TABLE": "policies",
    "RISK_HUB_EVALUATION_RUNS_TABLE": "evaluation_runs",
    "RISK_HUB_SEGMENTS_TABLE": "segments",
    "RISK_HUB_HOT_SECONDS": "604800",
    "RISK_HUB_MOVE_SETTLE_SECONDS": "3600",
    "RISK_HUB_BUCKET": "blobs",
    "RISK_HUB_ANCHOR_BUCKET": "anchors",
    "RISK_HUB_ANCHOR_LOCK_DAYS": "1",
    "RISK_HUB_BUS_NAME": "bus",
    "RISK_HUB_FAILURE_QUEUE_URL": f"{QUEUES}/failures",
    "RISK_HUB_QUEUE_URLS": f"{QUEUES}/failures",
    "RISK_HUB_TOKENS_SECRET_ARN": "tokens",
}
# Lambda's information for a handler about its invocation.
CONTEXT = SimpleNamespace(
    aws_request_id="invocation",
    function_name="function",
    memory_limit_in_mb=1,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:function",
    get_remaining_time_in_millis=lambda: 60_000,
)


@contextmanager
def deployed(token: str, scopes: Sequence[Scope], **settings: str) -> Iterator[None]:
    """Deploy on moto, with one token; restore the previous state afterwards.

    Args:
        token: accepted by the hub for any actor.
        scopes: its permissions.
        settings: environment variables in addition to those of the templates and `SETTINGS`.
    """
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update({**_template_settings(), **SETTINGS, **settings})
    aws._cached_client.cache_clear()  # noqa: SLF001 - a client of an earlier hub has that hub's hooks
    try:
        with mock_aws():
            _deploy(token, scopes)
            yield
    finally:
        aws._cached_client.cache_clear()  # noqa: SLF001
        os.environ.clear()
        os.environ.update(before)


def _template_settings() -> dict[str, str]:
    templates = [json.loads(path.read_text(encoding="utf-8")) for path in ASSEMBLY.glob("*.template.json")]
    functions = [
        resource["Properties"]
        for template in templates
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    return {
        name: value
        for properties in functions
        for name, value in properties.get("Environment", {}).get("Variables", {}).items()
        if isinstance(value, str)
    }


def _deploy(token: str, scopes: Sequence[Scope]) -> None:
    for purpose in ("snapshots", "worlds", "evaluations", "marks", "segments", "policies", "evaluation_runs"):
        create_table(purpose)
    boto3.client("s3").create_bucket(Bucket="blobs")
    boto3.client("events").create_event_bus(Name="bus")
    boto3.client("sqs").create_queue(QueueName="failures")
    entry = {
        "id": "deployed",
        "sha256": hashlib.sha256(token.encode()).hexdigest(),
        "scopes": list(scopes),
        "actors": ["*"],
        "not_after": None,
        "subject": "deployed",
    }
    secret = json.dumps({"tokens": [entry]})
    boto3.client("secretsmanager").create_secret(Name="tokens", SecretString=secret)
