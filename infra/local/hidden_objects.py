"""Answer 403 for a missing object unless the caller may list the bucket, as S3 does."""

import re
from typing import Final
from urllib.parse import unquote

from ministack.core.iam_evaluator import AuthError, EvalContext, evaluate, resolve_principal

from infra.local.asgi import App, Message, Receive, Scope, Send, header_values
from infra.names import LOCAL_ACCOUNT, LOCAL_REGION

CREDENTIAL: Final = re.compile(r"Credential=([^/&,]+)/[^/]+/[^/]+/s3/")
NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
ACCESS_DENIED_BODY: Final = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def with_hidden_objects(app: App) -> App:
    """Wrap an emulator that enforces policies but answers 404 for a missing object to any caller."""

    async def hiding_app(scope: Scope, receive: Receive, send: Send) -> None:
        bucket = _bucket_of_object_read(scope)
        caller = _caller(scope) if bucket else None
        if bucket is None or caller is None:
            await app(scope, receive, send)
            return
        hidden = False

        async def send_hiding(message: Message) -> None:
            nonlocal hidden
            if message["type"] == "http.response.start" and message["status"] == NOT_FOUND:
                hidden = not _may_list(caller, bucket)
                if hidden:
                    await _send_access_denied(send, scope["method"])
            if not hidden:
                await send(message)

        await app(scope, receive, send_hiding)

    return hiding_app


def _bucket_of_object_read(scope: Scope) -> str | None:
    """Return the bucket if this request reads one of its objects."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return None
    bucket, _, key = scope["path"].lstrip("/").partition("/")
    return bucket if bucket and key else None


def _caller(scope: Scope) -> str | None:
    """Return the access key that signed an S3 request, in a header or in the URL."""
    signed = [*header_values(scope, b"authorization"), unquote(scope["query_string"].decode("latin-1"))]
    found = next(filter(None, map(CREDENTIAL.search, signed)), None)
    return None if found is None else found[1]


def _may_list(access_key: str, bucket: str) -> bool:
    principal = resolve_principal(access_key, LOCAL_ACCOUNT)
    if isinstance(principal, AuthError):
        return False
    if principal.policies is None:
        return True
    context = EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action="s3:ListBucket",
        resource_arn=f"arn:aws:s3:::{bucket}",
        region=LOCAL_REGION,
        secure_transport=True,
    )
    return bool(evaluate(context, principal.policies, *principal.limits).decision == "Allow")


async def _send_access_denied(send: Send, method: str) -> None:
    body = b"" if method == "HEAD" else ACCESS_DENIED_BODY
    headers = [(b"content-type", b"application/xml"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": FORBIDDEN, "headers": headers})
    await send({"type": "http.response.body", "body": body})
