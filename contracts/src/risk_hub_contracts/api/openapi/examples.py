"""Examples of requests in the OpenAPI description, from the golden examples and the default policy."""

from typing import Any, Final

from risk_hub_contracts.api.openapi.links import operations
from risk_hub_contracts.blob.write import digest, encode_covariance
from risk_hub_contracts.golden.cases import ACTOR, BODY, NOW, STAGE, WORLD_ID
from risk_hub_contracts.golden.valid_bodies import VALID_BODIES
from risk_hub_contracts.golden.valid_components import VALID_COMPONENTS
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY

Json = dict[str, Any]

_SHOWN: Final = ("minimal", "everything")
_BLOB: Final = encode_covariance(["AAPL", "MSFT"], [0.04, 0.01, 0.09])
_ANNOUNCED: Final = {"kind": "covariance", "bytes": len(_BLOB)}
# By name. Cursors are bound to one query and one deployment, ETags to one content: they have no example.
PARAMETERS: Final[Json] = {
    "world_id": WORLD_ID,
    "version": "example-minimal",
    "policy_id": "us-core",
    "run_id": "run-2026-01-05",
    "strategy_id": "momentum",
    "status": "pass",
    "since": "2026-01-01T00:00:00Z",
    "sha256": digest(_BLOB),
    "X-Actor": ACTOR,
    "X-Stage": STAGE,
    "X-Correlation-Id": "rebalance-42",
    "stage": STAGE,
    "actor": ACTOR,
    "known_at": NOW,
    "as_of": NOW,
    "from": BODY["as_of"],
    "to": NOW,
    "include_expired": True,
    "expand": True,
    "limit": 20,
    "order": "asc",
    "method": "historical",
    "confidence_bps": 9_900,
}
POLICY: Final[Json] = {
    "policy_id": PARAMETERS["policy_id"],
    "version": PARAMETERS["version"],
    "owner": "risk-desk",
    "stages": {"paper": "paper"},
    "profiles": {
        "paper": {
            "rules": {
                "sharpe": {
                    "kind": "threshold",
                    "severity": "blocking",
                    "metric": "returns.sharpe",
                    "fail": {"min": 0.5},
                    "warn": {"min": 1.0},
                }
            }
        }
    },
}
EVALUATION: Final[Json] = {
    "evaluation_id": "nightly-42",
    "stage": STAGE,
    "strategies": [
        {
            "strategy_id": "momentum",
            "risk_tier": "medium",
            "model_card_version": "card-3",
            "metrics": {"returns": {"sharpe": 1.25, "max_drawdown": 0.11}},
        },
        {"strategy_id": "carry", "risk_tier": "low", "metrics": {"returns": {"sharpe": 0.25}}},
    ],
}
WITHOUT_EXAMPLE: Final = frozenset({"cursor", "If-None-Match"})


def add_examples(paths: Json) -> Json:
    """Add an example to every parameter and request body, and return the paths.

    Raises:
        KeyError: a parameter or a body has no example here.
    """
    bodies = _bodies()
    for parameter in _parameters(paths):
        if parameter["name"] not in WITHOUT_EXAMPLE:
            parameter["examples"] = {"golden": {"value": PARAMETERS[parameter["name"]]}}
    for operation in operations(paths):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            content["examples"] = bodies[content["schema"]["$ref"].rpartition("/")[2]]
    return paths


def _parameters(paths: Json) -> list[Json]:
    shared = [parameter for item in paths.values() for parameter in item.get("parameters", ())]
    own = [each for operation in operations(paths) for each in operation.get("parameters", ())]
    return shared + own


def _bodies() -> Json:
    golden = {case.name: case for case in (*VALID_BODIES, *VALID_COMPONENTS)}
    return {
        "SnapshotRequest": {
            name: {
                "summary": golden[name].why,
                "value": {**golden[name].body, "version": f"example-{name}"},
            }
            for name in _SHOWN
        },
        "UploadRequest": {"small": {"value": {**_ANNOUNCED, "sha256": digest(_BLOB)}}},
        "UploadEnd": {"multipart": {"value": {**_ANNOUNCED, "upload_id": "upload-1"}}},
        "Expectation": {
            "defaults": {"value": {"owner": "risk-desk@example.com"}},
            "quiet-nights": {
                "value": {
                    "owner": "risk-desk@example.com",
                    "warn_seconds": 900,
                    "critical_seconds": 3_600,
                    "quiet_hours_utc": [{"from": "22:00", "to": "06:00"}],
                }
            },
        },
        "EvaluationPolicy": {"small": {"value": POLICY}},
        "PolicyActivation": {
            "first": {
                "value": {
                    "policy_id": POLICY["policy_id"],
                    "version": POLICY["version"],
                    "reason": "first policy of this world",
                }
            }
        },
        "RolloutRequest": {
            "first": {
                "value": {"stage": "backtest", "decider": "hub", "reason": "both verdicts agree for a month"}
            }
        },
        "RollbackRequest": {"first": {"value": {"stage": "backtest", "reason": "the verdicts differ"}}},
        "EvaluationRequest": {"two-strategies": {"value": EVALUATION}},
        "ExitPolicy": {"default": {"value": DEFAULT_POLICY.model_dump(mode="json", exclude_none=True)}},
    }
