"""A function updated during a request finishes it, and the next request meets the new code."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local.bring_up import RunningStage
from tests.local_stage.probe import own_role

NAME = "updated-while-it-works"
DEADLINE_SECONDS = 30.0
# Given a folder, it signals there that it has begun, and works until it finds the signal to finish.
SOURCE = """
import pathlib, time

def {handler}(event, context):
    if event["folder"]:
        folder = pathlib.Path(event["folder"])
        (folder / "begun").touch()
        while not (folder / "finish").exists():
            time.sleep(0.02)
    return "{release}"
"""


def code(release: str, handler: str = "handler") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("worked.py", SOURCE.format(release=release, handler=handler))
    return buffer.getvalue()


@pytest.fixture
def function(stage: RunningStage) -> Iterator[Any]:
    client = stage.aws.client("lambda")
    role = own_role(stage.aws, "draining")
    client.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Handler="worked.handler",
        Role=role,
        Timeout=30,
        Code={"ZipFile": code("old")},
    )
    yield client
    client.delete_function(FunctionName=NAME)


def invoke(client: Any, folder: str = "") -> Any:
    answer = client.invoke(FunctionName=NAME, Payload=json.dumps({"folder": folder}).encode())
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


@pytest.mark.parametrize("change", ["code", "settings"])
def test_request_in_progress_finishes_with_the_code_that_started_it(
    function: Any, tmp_path: Path, change: str
) -> None:
    invoke(function)
    deadline = time.monotonic() + DEADLINE_SECONDS
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(invoke, function, str(tmp_path))
        while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        if change == "code":
            function.update_function_code(FunctionName=NAME, ZipFile=code("new"))
        else:
            function.update_function_configuration(FunctionName=NAME, Environment={"Variables": {"A": "1"}})
        assert invoke(function) == ("new" if change == "code" else "old")
        (tmp_path / "finish").touch()
        assert working.result() == "old"


@pytest.fixture
def stored_code(stage: RunningStage) -> Iterator[Callable[[bytes], object]]:
    """A function whose code is in S3, as in the template; the value puts other code in its place."""
    client, s3, bucket = stage.aws.client("lambda"), stage.aws.client("s3"), "code-of-a-test"
    place = {"S3Bucket": bucket, "S3Key": "worked.zip"}
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=place["S3Key"], Body=code("old"))
    client.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Handler="worked.handler",
        Role=own_role(stage.aws, "draining"),
        Code=place,
    )
    yield lambda body: s3.put_object(Bucket=bucket, Key=place["S3Key"], Body=body)
    client.delete_function(FunctionName=NAME)
    s3.delete_object(Bucket=bucket, Key=place["S3Key"])
    s3.delete_bucket(Bucket=bucket)


def test_new_settings_and_new_code_take_effect_together(
    stage: RunningStage, stored_code: Callable[[bytes], object]
) -> None:
    client = stage.aws.client("lambda")
    assert invoke(client) == "old"
    stored_code(code("new", "renamed"))
    client.update_function_configuration(FunctionName=NAME, Handler="worked.renamed")
    assert invoke(client) == "new"


@pytest.mark.usefixtures("stored_code")
def test_new_settings_keep_code_that_was_sent_as_a_zip(stage: RunningStage) -> None:
    client = stage.aws.client("lambda")
    client.update_function_code(FunctionName=NAME, ZipFile=code("new"))
    client.update_function_configuration(FunctionName=NAME, Environment={"Variables": {"A": "1"}})
    assert invoke(client) == "new"
