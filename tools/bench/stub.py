"""AWS at zero latency: botocore does all its work, and each request is answered immediately."""

import hashlib
import io
import json
import os
import secrets
from collections import deque
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

# The last requests sent, each with botocore's name of its event.
sent: deque[tuple[str, Any]] = deque(maxlen=4)
TOKEN = secrets.token_urlsafe(16)
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "RiskSignalHub",
    "RISK_HUB_SNAPSHOTS_TABLE": "snapshots",
    "RISK_HUB_WORLDS_TABLE": "worlds",
    "RISK_HUB_EVALUATIONS_TABLE": "evaluations",
    "RISK_HUB_MARKS_TABLE": "marks",
    "RISK_HUB_POLICIES_TABLE": "policies",
    "RISK_HUB_EVALUATION_RUNS_TABLE": "evaluation_runs",
    "RISK_HUB_SEGMENTS_TABLE": "segments",
    "RISK_HUB_BUCKET": "blobs",
    "RISK_HUB_ANCHOR_BUCKET": "anchors",
    "RISK_HUB_ANCHOR_LOCK_DAYS": "1",
    "RISK_HUB_TOKENS_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:tokens",
    "RISK_HUB_STAGE_ALLOW_LIST": "backtest,paper,live",
    "RISK_HUB_OFFLOAD": "true",
    "RISK_HUB_RETENTION_DAYS": "30",
}


class Wire(io.BytesIO):
    """The bytes of an answer, as botocore reads them."""

    def stream(self, **_: Any) -> list[bytes]:
        return [self.getvalue()]


def _token_list() -> bytes:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    token = {
        "id": "bench",
        "sha256": digest,
        "scopes": ["snapshots:write", "snapshots:read"],
        "actors": ["*"],
        "not_after": None,
    }
    return json.dumps(
        {"ARN": "a", "Name": "tokens", "SecretString": json.dumps({"tokens": [token]})}
    ).encode()


def install(answers: Mapping[str, bytes] | None = None) -> None:
    """Give every botocore session of this process the stub as its wire, and the settings of a writer and a
    reader.

    Args:
        answers: the body of an operation's answer, by the operation's name; any other is answered with `{}`.
    """
    os.environ.update(ENVIRONMENT)
    bodies = {"GetSecretValue": _token_list(), **(answers or {})}
    original = botocore.session.Session.create_client

    def answer(request: Any, event_name: str, **_: Any) -> Any:
        sent.append((event_name, request))
        content = bodies.get(event_name.rpartition(".")[2], b"{}")
        return AWSResponse(request.url, 200, HTTPHeaders(), Wire(content))

    def create_client(self: Any, *args: Any, **kwargs: Any) -> Any:
        client = original(self, *args, **kwargs)
        client.meta.events.register("before-send", answer)
        return client

    setattr(botocore.session.Session, "create_client", create_client)  # noqa: B010
