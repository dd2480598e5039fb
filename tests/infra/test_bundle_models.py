"""Botocore's models in the bundles: only the called operations, and the same wire as the whole models."""

import ast
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.loaders import Loader
from botocore.model import OperationModel

from infra.bundles.aws_models import CALLED_OPERATIONS, MODEL, operations, trim_model, trim_models
from infra.bundles.contents import PROJECT
from tools.bench.stub import Wire

WHOLE = Path(botocore.__file__).parent / "data"
ADAPTER_FOLDERS = [
    PROJECT / "functions" / folder for folder in ("hub/adapters", "announcing", "evaluation/store")
]
# Neither the time of the request nor values derived from it, nor the number of the attempt.
OF_THE_MOMENT = {"Authorization", "X-Amz-Date", "amz-sdk-invocation-id", "amz-sdk-request", "User-Agent"}
EVERY_CALL = [
    (service, name) for service in sorted(CALLED_OPERATIONS) for name in sorted(operations(service))
]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("botocore") / "data"
    folder.mkdir()
    for path in WHOLE.iterdir():
        if path.is_file():
            shutil.copyfile(path, folder / path.name)
        elif path.name in CALLED_OPERATIONS:
            shutil.copytree(path, folder / path.name)
    trim_models(folder)
    return folder


@cache
def whole_model(service: str) -> dict[str, Any]:
    model: dict[str, Any] = Loader().load_service_model(service, MODEL)
    return model


@cache
def python_names() -> dict[str, tuple[str, str]]:
    """Every operation of the called services under its Python method name, if only one service has that name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for service in CALLED_OPERATIONS:
        for name in whole_model(service)["operations"]:
            found.setdefault(xform_name(name), []).append((service, name))
    return {method: places[0] for method, places in found.items() if len(places) == 1}


def named_calls(source: str) -> Iterator[tuple[str, str]]:
    """The operations that a source calls on a client, passes on to be called, or names to have them signed."""
    names = python_names()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            handed = [each.attr for each in node.args if isinstance(each, ast.Attribute)]
            yield from (names[each] for each in (called, *handed, *texts) if each in names)


def test_operations_table_equals_the_operations_that_adapters_call() -> None:
    sources = [
        path.read_text(encoding="utf-8") for folder in ADAPTER_FOLDERS for path in folder.rglob("*.py")
    ]
    called = {call for source in sources for call in named_calls(source)}
    assert called == {(service, name) for service, names in CALLED_OPERATIONS.items() for name in names}


def test_functions_create_only_listed_clients_and_use_no_paginators_or_waiters() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "functions").rglob("*.py"))
    assert set(re.findall(r'\bclient\("([a-z0-9]+)[" ]', sources)) == set(CALLED_OPERATIONS)
    assert not re.findall(r"get_paginator|get_waiter", sources)


@pytest.mark.parametrize("service", sorted(CALLED_OPERATIONS))
def test_trimmed_model_keeps_called_operations_unchanged_except_documentation(service: str) -> None:
    whole, kept = whole_model(service), trim_model(whole_model(service), operations(service))
    assert set(kept["operations"]) == operations(service)
    for group in ("operations", "shapes"):
        assert list(prose(whole[group]))
        assert not list(prose(kept[group]))
        for name, described in kept[group].items():
            assert described == without_prose(whole[group][name]), name
    left_out = {"operations", "shapes", "documentation"}
    assert {n: v for n, v in kept.items() if n not in left_out} == {
        n: v for n, v in whole.items() if n not in left_out
    }


def prose(value: Any) -> Iterator[str]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and isinstance(value.get("documentation"), str):
        yield value["documentation"]
    for each in inside:
        yield from prose(each)


def without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: without_prose(v) for k, v in value.items() if not (k == "documentation" and isinstance(v, str))
        }
    return [without_prose(each) for each in value] if isinstance(value, list) else value


def test_trimming_keeps_only_the_models_of_called_services(data: Path) -> None:
    assert {path.name for path in data.iterdir() if path.is_dir()} == set(CALLED_OPERATIONS)
    assert {path.name for path in data.glob("*/*/*")} == {"service-2.json", "endpoint-rule-set-1.json"}
    assert all(len(list(folder.iterdir())) == 1 for folder in data.iterdir() if folder.is_dir())


@pytest.mark.parametrize(("service", "operation"), EVERY_CALL)
def test_trimmed_model_serializes_and_parses_like_the_full_model(
    service: str, operation: str, data: Path
) -> None:
    assert exchange(service, operation, data) == exchange(service, operation, WHOLE)


def exchange(service: str, operation: str, data: Path) -> tuple[Any, Any]:
    """Send one request with every parameter of the model; return the request as sent, and the parsed error."""
    client = client_of(service, data)
    model = client.meta.service_model.operation_model(operation)
    sent: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        headers = {name: value for name, value in request.headers.items() if name not in OF_THE_MOMENT}
        body = request.body.read() if hasattr(request.body, "read") else request.body
        sent.append((request.method, request.url, headers, body))
        return AWSResponse(request.url, 400, HTTPHeaders(), Wire(refusal(model)))

    client.meta.events.register("before-send", answer)
    try:
        with pytest.raises(client.exceptions.ClientError) as refused:
            getattr(client, xform_name(operation))(**requested(model))
    finally:
        client.meta.events.unregister("before-send", answer)
    return sent, (type(refused.value).__name__, refused.value.response["Error"])


@cache
def session_of(data: Path) -> botocore.session.Session:
    session = botocore.session.Session()
    session.set_credentials("test", "test")
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    return session


@cache
def client_of(service: str, data: Path) -> Any:
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return session_of(data).create_client(service, "eu-central-1", config=config)


def requested(model: OperationModel) -> Any:
    """Every parameter, except the one that asks for a signature which needs awscrt."""
    return {name: value for name, value in sample(model.input_shape).items() if name != "EndpointId"}


def refusal(model: OperationModel) -> bytes:
    """The first error in the operation's model, in its protocol."""
    code = model.error_shapes[0].name if model.error_shapes else "Refused"
    if model.service_model.protocol == "rest-xml":
        return f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return f'{{"__type": "com.amazonaws#{code}", "message": "no"}}'.encode()


def sample(shape: Any, depth: int = 0) -> Any:
    """A value of a shape: every member, but not without end where shapes contain themselves."""
    match shape.type_name:
        case "structure":
            members = shape.members.items() if depth < 6 else ()
            return {name: sample(member, depth + 1) for name, member in members}
        case "list":
            return [sample(shape.member, depth + 1)]
        case "map":
            return {sample(shape.key): sample(shape.value, depth + 1)}
        case "string":
            return shape.enum[0] if shape.enum else "text"
    return {"blob": b"bytes", "boolean": True, "timestamp": 0}.get(shape.type_name, 1)
