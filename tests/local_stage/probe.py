"""A function deployed next to the hub's own, to observe a worker's environment and permissions."""

import io
import json
import zipfile
from typing import Any

from infra.local.aws import LocalAws

SOURCE = """
import importlib.util, json, os, sys, tempfile
import boto3, botocore.exceptions

def called(call):
    client = boto3.client(call["service"])
    try:
        getattr(client, call["operation"])(**call["arguments"])
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"

def handler(event, context):
    for line in event.get("print", []):
        print(line)
    return {
        "called": [called(call) for call in event.get("calls", [])],
        "environment": dict(os.environ),
        "importable": {name: importlib.util.find_spec(name) is not None for name in event.get("names", [])},
        "prefix": sys.prefix,
        "path": sys.path,
        "temporary": tempfile.gettempdir(),
        "home": os.path.expanduser("~"),
    }
"""


class Probe:
    def __init__(self, aws: LocalAws, name: str) -> None:
        self._lambda = aws.client("lambda")
        self._name = name

    def __call__(self, **event: object) -> dict[str, Any]:
        answer = self._lambda.invoke(FunctionName=self._name, Payload=json.dumps(event).encode())
        seen: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, seen
        return seen


def own_role(aws: LocalAws, name: str = "probe") -> str:
    """Create a role without permissions, or find the one of that name."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": [trust]}
    iam = aws.client("iam")
    found = [role for role in iam.list_roles()["Roles"] if role["RoleName"] == name]
    if found:
        return str(found[0]["Arn"])
    answer = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    return str(answer["Role"]["Arn"])


def create_probe(aws: LocalAws, role: str) -> Probe:
    """Deploy a probe that runs with this role."""
    name = f"probe-of-{role.rpartition('/')[2]}"[:64]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("probe.py", SOURCE)
    aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="probe.handler",
        Role=role,
        Code={"ZipFile": buffer.getvalue()},
    )
    return Probe(aws, name)
