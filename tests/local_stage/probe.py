"""A function deployed beside the hub's own, to see what a worker sees and does."""

import io
import json
import zipfile
from typing import Any

from infra.local.aws import LocalAws

NAME = "worker-probe"
SOURCE = """
import importlib.util, json, os, sys, tempfile

def handler(event, context):
    for line in event.get("print", []):
        print(line)
    return {
        "environment": dict(os.environ),
        "importable": {name: importlib.util.find_spec(name) is not None for name in event.get("names", [])},
        "prefix": sys.prefix,
        "path": sys.path,
        "temporary": tempfile.gettempdir(),
        "home": os.path.expanduser("~"),
    }
"""


class Probe:
    def __init__(self, aws: LocalAws) -> None:
        self._lambda = aws.client("lambda")

    def __call__(self, **event: object) -> dict[str, Any]:
        answer = self._lambda.invoke(FunctionName=NAME, Payload=json.dumps(event).encode())
        seen: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, seen
        return seen


def create_probe(aws: LocalAws) -> Probe:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("probe.py", SOURCE)
    aws.client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Handler="probe.handler",
        Role="arn:aws:iam::000000000000:role/worker-probe",
        Code={"ZipFile": buffer.getvalue()},
    )
    return Probe(aws)
