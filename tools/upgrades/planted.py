"""Changes of a contract, planted one by one: breaks with the place where each must be found, and additions."""

from collections.abc import Callable
from typing import Any

from risk_hub_contracts.compatibility.release import Contract

POST = "POST /risk-hub/worlds/{world_id}/snapshots"
LATEST = "GET /risk-hub/worlds/{world_id}/snapshots/latest"
LAG = "risk_hub_snapshot_lag_seconds"
Change = Callable[[Contract], object]
# The operations in which changes are planted; comparing all of them for each change would take a minute.
PLANTED_IN = (
    "/risk-hub/worlds/{world_id}/snapshots",
    "/risk-hub/worlds/{world_id}/snapshots/latest",
    "/risk-hub/worlds/{world_id}/snapshots/{version}/risk",
    "/risk-hub/worlds",
    "/risk-hub/health",
)


def operation(contract: Contract, name: str) -> Any:
    verb, path = name.split(" ")
    return contract.openapi["paths"][path][verb.lower()]


def component(contract: Contract, name: str) -> Any:
    return contract.openapi["components"]["schemas"][name]


def members(contract: Contract, name: str) -> Any:
    return component(contract, name)["properties"]


def parameter(contract: Contract, name: str, wanted: str) -> Any:
    (found,) = [each for each in operation(contract, name)["parameters"] if each["name"] == wanted]
    return found


def set_to(target: Any, name: str, value: Any) -> Any:
    target[name] = value
    return target


BREAKS: dict[str, tuple[str, Change]] = {
    "an operation is removed": (
        POST,
        lambda c: c.openapi["paths"].pop("/risk-hub/worlds/{world_id}/snapshots"),
    ),
    "a method is removed": (
        "GET /risk-hub/worlds",
        lambda c: c.openapi["paths"]["/risk-hub/worlds"].pop("get"),
    ),
    "an operation is renamed": (POST, lambda c: set_to(operation(c, POST), "operationId", "post")),
    "a public operation requires a token": (
        "GET /risk-hub/health",
        lambda c: operation(c, "GET /risk-hub/health").pop("security"),
    ),
    "a header becomes required": (
        f"{POST} header X-Correlation-Id",
        lambda c: set_to(parameter(c, POST, "X-Correlation-Id"), "required", value=True),
    ),
    "a query parameter is removed": (
        f"{LATEST} query actor",
        lambda c: operation(c, LATEST)["parameters"].remove(parameter(c, LATEST, "actor")),
    ),
    "a new parameter is required": (
        f"{LATEST} query book",
        lambda c: operation(c, LATEST)["parameters"].append(
            {"name": "book", "in": "query", "required": True, "schema": {"type": "string"}}
        ),
    ),
    "the maximum page size decreases": (
        "GET /risk-hub/worlds/{world_id}/snapshots query limit",
        lambda c: set_to(
            parameter(c, "GET /risk-hub/worlds/{world_id}/snapshots", "limit")["schema"], "maximum", 50
        ),
    ),
    "a page's default changes": (
        "GET /risk-hub/worlds/{world_id}/snapshots query limit",
        lambda c: set_to(
            parameter(c, "GET /risk-hub/worlds/{world_id}/snapshots", "limit")["schema"], "default", 100
        ),
    ),
    "a media type is no longer accepted": (
        f"{POST} request",
        lambda c: operation(c, POST)["requestBody"]["content"].pop("application/json"),
    ),
    "a request member is no longer accepted": (
        f"{POST} request/constraints",
        lambda c: members(c, "SnapshotRequest").pop("constraints"),
    ),
    "a request member becomes required": (
        f"{POST} request/ttl_sec",
        lambda c: component(c, "SnapshotRequest")["required"].append("ttl_sec"),
    ),
    "a request maximum decreases": (
        f"{POST} request/ttl_sec",
        lambda c: set_to(members(c, "SnapshotRequest")["ttl_sec"], "maximum", 3_600),
    ),
    "a request minimum increases": (
        f"{POST} request/ttl_sec",
        lambda c: set_to(members(c, "SnapshotRequest")["ttl_sec"], "minimum", 60),
    ),
    "a request type narrows": (
        f"{POST} request/weights/*",
        lambda c: set_to(members(c, "SnapshotRequest")["weights"]["additionalProperties"], "type", "integer"),
    ),
    "a request pattern changes": (
        f"{POST} request/version",
        lambda c: set_to(members(c, "SnapshotRequest")["version"], "pattern", "^[a-z]{1,20}$"),
    ),
    "a request form is removed": (
        f"{POST} request/covariance",
        lambda c: members(c, "SnapshotRequest")["covariance"]["oneOf"].pop(0),
    ),
    "a request map becomes bounded": (
        f"{POST} request/weights",
        lambda c: set_to(members(c, "SnapshotRequest")["weights"], "maxProperties", 500),
    ),
    "names in a request map narrow": (
        f"{POST} request/weights/names",
        lambda c: set_to(members(c, "SnapshotRequest")["weights"]["propertyNames"], "maxLength", 12),
    ),
    "a free object closes": (
        f"{POST} request/constraints",
        lambda c: set_to(members(c, "SnapshotRequest")["constraints"], "additionalProperties", value=False),
    ),
    "a response status is removed": (f"{POST} 200", lambda c: operation(c, POST)["responses"].pop("200")),
    "a success status is added": (
        f"{POST} 202",
        lambda c: set_to(operation(c, POST)["responses"], "202", {"description": "Later."}),
    ),
    "a response header is removed": (
        f"{POST} 201",
        lambda c: operation(c, POST)["responses"]["201"]["headers"].pop("ETag"),
    ),
    "a response member is removed": (
        f"{LATEST} 200/content_hash",
        lambda c: (
            members(c, "SnapshotAnswer").pop("content_hash"),
            component(c, "SnapshotAnswer")["required"].remove("content_hash"),
        ),
    ),
    "a response member becomes optional": (
        f"{LATEST} 200/expired",
        lambda c: component(c, "SnapshotAnswer")["required"].remove("expired"),
    ),
    "a response member becomes nullable": (
        f"{LATEST} 200/content_hash",
        lambda c: set_to(
            members(c, "SnapshotAnswer"), "content_hash", {"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
    ),
    "a response type widens": (
        f"{LATEST} 200/ttl_sec",
        lambda c: set_to(members(c, "SnapshotAnswer")["ttl_sec"], "type", "number"),
    ),
    "a response enumeration grows": (
        "GET /risk-hub/worlds/{world_id}/snapshots/{version}/risk 200/status",
        lambda c: members(c, "RiskReport")["status"]["enum"].append("interrupted"),
    ),
    "a response pattern is removed": (
        f"{LATEST} 200/covariance_ref/sha256",
        lambda c: set_to(members(c, "RefAnswer"), "sha256", {"type": "string"}),
    ),
    "a problem response is removed": (
        f"{POST} 409",
        lambda c: operation(c, POST)["responses"]["409"]["content"]["application/problem+json"][
            "examples"
        ].pop("version-conflict"),
    ),
    "a schema file is removed": ("schema stress-report", lambda c: c.schemas.pop("stress-report")),
    "a token scope is removed": (
        "schema token-list/tokens/*/scopes/*",
        lambda c: c.schemas["token-list"]["$defs"]["Token"]["properties"]["scopes"]["items"]["enum"].pop(),
    ),
    "an event's envelope loses an attribute": (
        "schema risk_snapshot_updated/subject",
        lambda c: (
            c.events["risk_snapshot_updated"]["properties"].pop("subject"),
            c.events["risk_snapshot_updated"]["required"].remove("subject"),
        ),
    ),
    "an event's data loses a member": (
        "schema exit_signal_emitted/data/action",
        lambda c: (
            c.events["exit_signal_emitted"]["$defs"]["ExitSignal"]["properties"].pop("action"),
            c.events["exit_signal_emitted"]["$defs"]["ExitSignal"]["required"].remove("action"),
        ),
    ),
    "an event type is removed": ("schema stress_evaluated", lambda c: c.events.pop("stress_evaluated")),
    "a problem type is removed": ("problem too-deep", lambda c: c.problems.pop("too-deep")),
    "a problem's status changes": (
        "problem contract-violation",
        lambda c: set_to(c.problems, "contract-violation", 400),
    ),
    "a limit decreases": ("limit body_max_bytes", lambda c: set_to(c.limits, "body_max_bytes", 1_000)),
    "a minimum limit increases": ("limit as_of_min_year", lambda c: set_to(c.limits, "as_of_min_year", 2000)),
    "a served default changes": (
        "limit ttl_default_seconds",
        lambda c: set_to(c.limits, "ttl_default_seconds", 60),
    ),
    "a limit is no longer served": ("limit id_max_chars", lambda c: c.limits.pop("id_max_chars")),
    "a metric is removed": (f"metric {LAG}", lambda c: c.metrics.pop(LAG)),
    "a metric is renamed": (
        f"metric {LAG}",
        lambda c: set_to(c.metrics, "risk_hub_snapshot_age_seconds", c.metrics.pop(LAG)),
    ),
    "a metric's unit changes": (f"metric {LAG}", lambda c: set_to(c.metrics[LAG], "unit", "Count")),
    "a metric loses a dimension set": (
        f"metric {LAG}",
        lambda c: c.metrics[LAG]["dimensions"].remove(["stage", "world_id"]),
    ),
    "a metric's dimension is renamed": (
        f"metric {LAG}",
        lambda c: set_to(c.metrics[LAG], "dimensions", [["stage"], ["stage", "world"]]),
    ),
}

ADDITIONS: dict[str, Change] = {
    "an operation": lambda c: set_to(
        c.openapi["paths"], "/risk-hub/new", {"get": {"operationId": "new", "responses": {}}}
    ),
    "an optional parameter": lambda c: operation(c, LATEST)["parameters"].append(
        {"name": "book", "in": "query", "schema": {"type": "string"}}
    ),
    "an optional member of a request": lambda c: set_to(
        members(c, "SnapshotRequest"), "currency", {"type": "string"}
    ),
    "an alternative form of a request member": lambda c: members(c, "SnapshotRequest")["covariance"][
        "oneOf"
    ].append({"type": "string"}),
    "a higher request maximum": lambda c: set_to(
        members(c, "SnapshotRequest")["ttl_sec"], "maximum", 172_800
    ),
    "a request member becomes optional": lambda c: component(c, "SnapshotRequest")["required"].remove(
        "as_of"
    ),
    "a response member": lambda c: (
        set_to(members(c, "SnapshotAnswer"), "currency", {"type": "string"}),
        component(c, "SnapshotAnswer")["required"].append("currency"),
    ),
    "a member of an open response": lambda c: set_to(
        members(c, "ProblemAnswer"), "trace", {"type": "string"}
    ),
    "fewer values in a response enumeration": lambda c: members(c, "RiskReport")["status"]["enum"].pop(),
    "a response header": lambda c: set_to(
        operation(c, POST)["responses"]["201"]["headers"], "Age", {"schema": {"type": "string"}}
    ),
    "an error response": lambda c: set_to(operation(c, POST)["responses"], "423", {"description": "Locked."}),
    "a problem type": lambda c: set_to(c.problems, "locked", 423),
    "an attribute of an event": lambda c: set_to(
        c.events["risk_evaluated"]["properties"], "region", {"type": "string"}
    ),
    "an event type": lambda c: set_to(c.events, "world_closed", {"type": "object"}),
    "a schema": lambda c: set_to(c.schemas, "world", {"type": "object"}),
    "a limit": lambda c: set_to(c.limits, "books_max_count", 3),
    "a higher limit": lambda c: set_to(c.limits, "weights_max_count", 20_000),
    "a metric": lambda c: set_to(
        c.metrics, "risk_hub_new_total", {"unit": "Count", "dimensions": [["stage"]]}
    ),
    "a dimension set of a metric": lambda c: c.metrics[LAG]["dimensions"].append(["stage", "worker"]),
    "another order of a metric's dimensions": lambda c: set_to(
        c.metrics[LAG], "dimensions", [["world_id", "stage"], ["stage"]]
    ),
    "a different deployment setting": lambda c: set_to(c.limits, "inline_cov_threshold", 5_000),
    "a scope": lambda c: c.schemas["token-list"]["$defs"]["Token"]["properties"]["scopes"]["items"][
        "enum"
    ].append("new:scope"),
    "a description": lambda c: set_to(component(c, "SnapshotAnswer"), "description", "Other words."),
}
