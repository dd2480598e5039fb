"""Proxy events of one request as API Gateway sends them, by the address that the client called.

Fields and values follow events recorded on AWS: a REST API hands the path on percent-encoded, with the stage in
`requestContext.path` behind the default endpoint and with the base path in both behind a custom domain. An HTTP API has the
stage or the base path in `rawPath`, decoded except for `%25`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.fakes.gateway import proxy_event, resource_of

API_ID, STAGE = "abc123", "v1"
DEFAULT_HOST = f"{API_ID}.execute-api.eu-central-1.amazonaws.com"
CUSTOM_HOST = "risk.example.com"


@dataclass(frozen=True)
class Address:
    """Address at which a client calls the API.

    Attributes:
        prefix: what the client writes before `/risk-hub`.
        is_custom: whether the host is a custom domain.
        is_http_api: whether events have payload 2.0.
    """

    prefix: str
    is_custom: bool
    is_http_api: bool

    def event(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> dict[str, Any]:
        """Return the event of a request; `url` begins with `/risk-hub`."""
        rest = proxy_event(method, url, headers.items(), body)
        return self._http_event(rest, url) if self.is_http_api else self._rest_event(rest)

    def _context(self) -> dict[str, str]:
        host = CUSTOM_HOST if self.is_custom else DEFAULT_HOST
        prefix = host.partition(".")[0]
        return {"apiId": API_ID, "domainName": host, "domainPrefix": prefix, "stage": STAGE}

    def _rest_event(self, rest: dict[str, Any]) -> dict[str, Any]:
        sent = self.prefix + rest["path"]
        path = sent if self.is_custom else rest["path"]
        context = {**self._context(), "path": sent, "resourcePath": rest["resource"]}
        return {**rest, "path": path, "requestContext": context}

    def _http_event(self, rest: dict[str, Any], url: str) -> dict[str, Any]:
        path, _, query = url.partition("?")
        raw = self.prefix + re.sub("%(?!25)[0-9A-Fa-f]{2}", lambda found: unquote(found[0]), path)
        http = {"method": rest["httpMethod"], "path": raw}
        return {
            "version": "2.0",
            "routeKey": f"{rest['httpMethod']} {resource_of(path)}",
            "rawPath": raw,
            "rawQueryString": query,
            "headers": {name.lower(): value for name, value in rest["headers"].items()},
            "requestContext": {**self._context(), "http": http},
            "body": rest["body"],
            "isBase64Encoded": rest["isBase64Encoded"],
        }


ADDRESSES = {
    "REST API, default endpoint": Address(f"/{STAGE}", is_custom=False, is_http_api=False),
    "REST API, custom domain": Address("", is_custom=True, is_http_api=False),
    "REST API, custom domain with base path": Address("/risk", is_custom=True, is_http_api=False),
    "REST API, custom domain with nested base path": Address("/a/b", is_custom=True, is_http_api=False),
    "REST API, base path named as a route": Address("/risk-hub/worlds", is_custom=True, is_http_api=False),
    "REST API, custom domain without a stage in its mapping": Address(
        f"/{STAGE}", is_custom=True, is_http_api=False
    ),
    "HTTP API, default stage": Address("", is_custom=False, is_http_api=True),
    "HTTP API, named stage": Address(f"/{STAGE}", is_custom=False, is_http_api=True),
    "HTTP API, custom domain": Address("", is_custom=True, is_http_api=True),
    "HTTP API, custom domain with base path": Address("/risk", is_custom=True, is_http_api=True),
}
