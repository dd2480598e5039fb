"""A process that imports the API's handlers once and resumes twice from that memory image, as SnapStart does.

`python -m tests.http.restored` prints what each of the two did, thirty days apart, each with separate
credentials.
"""

import hashlib
import json
import os
import random
import sys
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.httpsession
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders

from tools.bench.stub import Wire

TOKEN = os.urandom(16).hex()
FIRST_DAY = datetime(2030, 1, 1, tzinfo=UTC)
EXPIRES = FIRST_DAY + timedelta(days=45)
DAYS_LATER = (30, 60)
NAMES = {
    "RISK_HUB_DEPLOYMENT_STAGE": "prod",
    "RISK_HUB_STAGE_ALLOW_LIST": "paper",
    "RISK_HUB_OFFLOAD": "false",
    "RISK_HUB_RETENTION_DAYS": "30",
    "RISK_HUB_TOKENS_SECRET_ARN": "tokens",
    "RISK_HUB_BUCKET": "bucket",
    "POWERTOOLS_SERVICE_NAME": "snapshot_writer",
    "POWERTOOLS_METRICS_NAMESPACE": "RiskSignalHub/prod",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    **{
        f"RISK_HUB_{table}_TABLE": table
        for table in ("SNAPSHOTS", "WORLDS", "EVALUATIONS", "MARKS", "SEGMENTS")
    },
}
calls: list[str] = []
hooks: list[Callable[[], object]] = []


def answer(_: object, request: AWSRequest) -> AWSResponse:
    """Answer in place of AWS: record who signed, return the token list or an empty answer."""
    calls.append(_text(request.headers["Authorization"]))
    asked_for_tokens = "GetSecretValue" in str(request.headers["X-Amz-Target"])
    body = json.dumps(token_list() if asked_for_tokens else {}).encode()
    return AWSResponse(str(request.url), 200, HTTPHeaders(), Wire(body))


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header


def token_list() -> dict[str, str]:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    token = {"id": "t", "sha256": digest, "scopes": ["snapshots:write"], "actors": ["*"]}
    return {"SecretString": json.dumps({"tokens": [{**token, "not_after": EXPIRES.isoformat()}]})}


def image() -> Callable[[dict[str, Any], None], dict[str, Any]]:
    """Return the writer's handler at the time of the SnapStart image: imported, never called."""
    os.environ.update(NAMES)
    runtime = types.ModuleType("snapshot_restore_py")
    runtime.register_after_restore = hooks.append  # type: ignore[attr-defined]
    sys.modules["snapshot_restore_py"] = runtime
    botocore.httpsession.URLLib3Session.send = answer  # type: ignore[method-assign,assignment]
    from functions.snapshot_reader.handler import lambda_handler as reader  # noqa: PLC0415
    from functions.snapshot_writer.handler import lambda_handler as writer  # noqa: PLC0415

    assert callable(reader)
    return writer


def post(now: datetime) -> dict[str, Any]:
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "X-Actor": "gateway",
        "X-Stage": "paper",
    }
    return {
        "resource": "/risk-hub/worlds/{world_id}/snapshots",
        "path": "/risk-hub/worlds/w1/snapshots",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"requestId": "r", "stage": "v1"},
        "body": json.dumps({"version": "v1", "as_of": now.isoformat(), "weights": {"A": 1}}),
        "isBase64Encoded": False,
    }


def restored(
    handler: Callable[[dict[str, Any], None], dict[str, Any]], days_later: int, random_state: Any
) -> dict[str, Any]:
    """Resume from the image with other credentials on another day."""
    from functions.wiring import process  # noqa: PLC0415

    now = FIRST_DAY + timedelta(days=days_later)
    vars(process)["datetime"] = types.SimpleNamespace(now=lambda _: now)
    random.setstate(random_state)  # a fork reseeds random; Lambda's restore does not
    os.environ["AWS_ACCESS_KEY_ID"] = f"KEYOFDAY{days_later}"
    os.environ["AWS_SECRET_ACCESS_KEY"] = os.urandom(8).hex()
    for hook in hooks:
        hook()
    document = handler(post(now), None)
    from tests.fakes.answer_validation import validate_proxy_answer  # noqa: PLC0415

    validate_proxy_answer(post(now), document)
    body = json.loads(document["body"])
    return {
        "status": document["statusCode"],
        "created_at": body.get("created_at"),
        "signed_by": sorted({each.partition("Credential=")[2].partition("/")[0] for each in calls}),
        "random": random.random(),
    }


def main() -> None:
    handler = image()
    before, random_state = list(calls), random.getstate()
    found = []
    for days_later in DAYS_LATER:
        read, write = os.pipe()
        if os.fork() == 0:
            sys.stdout = sys.stderr
            os.write(write, json.dumps(restored(handler, days_later, random_state)).encode())
            os._exit(0)
        os.close(write)
        found.append(json.loads(os.read(read, 65_536)))
        os.wait()
    print(json.dumps({"calls_before": before, "restored": found}))  # noqa: T201


if __name__ == "__main__":
    main()
