"""Smoke test: publish one synthetic snapshot to a deployed stage with a token that is revoked afterwards."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError

from infra import names
from infra.errors import DeployError
from infra.recovery.errors import error_text
from infra.tokens.issue import TokenRequest, issue, revoke
from infra.tokens.register import TokenRegister
from risk_hub_client import DeniedError, HubError, NotFoundError, RiskHubClient
from risk_hub_contracts import CONTRACT_VERSION
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.base.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.ops.operate.stage_access import Clients

Result = TypeVar("Result")

ACTOR: Final = "smoke"
# Worlds of this stage page no on-call person.
DATA_STAGE: Final = "backtest"
TOKEN_LIFETIME: Final = timedelta(minutes=15)
TTL_SECONDS: Final = 900
RISK_DEADLINE_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.5
WEIGHTS: Final = {"SMOKE-A": 0.5, "SMOKE-B": 0.5}
COVARIANCE: Final = {"ids": ["SMOKE-A", "SMOKE-B"], "upper": [0.0004, 0.0, 0.0004]}
# Half of the book in each of two independent assets of volatility 0.02.
VOLATILITY: Final = 0.02 / math.sqrt(2)
UNAUTHENTICATED: Final = 401
NETWORK_DENIED: Final = "urn:risk-hub:problem:network-denied"


def api_url(aws: Clients, stage: str) -> str:
    """Return the base URL of a deployed stage.

    Raises:
        DeployError: the account and region of the credentials do not have the stage.
    """
    stack = names.stack_name(stage, "service")
    try:
        outputs = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    except ClientError as error:
        raise DeployError(f"{stack} cannot be read: {error_text(error)}") from error
    found = {each["OutputKey"]: each["OutputValue"] for each in outputs}
    return str(found["ApiUrl"]).rstrip("/")


@contextmanager
def temporary_token(aws: Clients, stage: str) -> Iterator[str]:
    """Create a token that may write and read for 15 minutes, and revoke it at the end."""
    register = TokenRegister(aws.client("secretsmanager"), names.tokens_secret_name(stage))
    now = datetime.now(UTC)
    name = f"smoke-{now:%Y%m%dT%H%M%S}"
    request = TokenRequest(name, ["snapshots:read", "snapshots:write"], [ACTOR], TOKEN_LIFETIME)
    try:
        yield issue(register, request, now).token
    finally:
        revoke(register, [name])


def smoke(url: str, token: str, stage: str, say: Callable[[str], object]) -> None:
    """Publish a snapshot, read it and its risk numbers back, and report each step.

    Args:
        url: base URL of the API.
        token: token that may write and read snapshots in the name of `smoke`.
        stage: deployment stage, part of the world's name.
        say: prints a line for a person.

    Raises:
        DeployError: a step failed; the text says which, with the hub's answer.
    """
    world, now = f"smoke-{stage}", datetime.now(UTC)
    version = f"smoke-{now:%Y%m%dT%H%M%S.%f}"
    try:
        with RiskHubClient(url, token, actor=ACTOR, stage=DATA_STAGE) as hub:
            say(
                f"health    {_require_equal(hub.health()['contract_version'], CONTRACT_VERSION, 'contract version')}"
            )
            _retry_until_authenticated(hub.contract)
            say("contract  served to this token")
            body = {"as_of": format_instant(now), "ttl_sec": TTL_SECONDS, "weights": WEIGHTS}
            snapshot = {**body, "version": version, "covariance": COVARIANCE}
            _retry_until_authenticated(lambda: hub.publish(world, snapshot))
            say(f"publish   {world} {version}")
            latest = _retry_until_authenticated(lambda: hub.latest(world, stage=DATA_STAGE))
            say(f"latest    {_require_equal(latest.version, version, 'latest version')}")
            say(f"risk      volatility {wait_for_volatility(hub, world, version)}")
    except HubError as error:
        raise DeployError(_failure_text(error)) from error


def _retry_until_authenticated(request: Callable[[], Result]) -> Result:
    """Repeat a request until the functions accept the new token; they may cache the old list for a while."""
    deadline = time.monotonic() + TOKEN_CACHE_MAX_AGE_SECONDS + POLL_SECONDS
    while True:
        try:
            return request()
        except DeniedError as error:
            if error.status != UNAUTHENTICATED or time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


def wait_for_volatility(hub: RiskHubClient, world: str, version: str) -> float:
    """Return the volatility of the synthetic book once the worker has computed it.

    Raises:
        DeployError: the volatility is wrong.
        NotFoundError: the report is missing after ninety seconds.
    """
    deadline = time.monotonic() + RISK_DEADLINE_SECONDS
    while True:
        try:
            report = _retry_until_authenticated(lambda: hub.risk(world, version))
            break
        except NotFoundError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
    volatility = _volatility_of(report)
    if not math.isclose(volatility, VOLATILITY, rel_tol=1e-12):
        raise DeployError(f"The risk engine computes volatility {volatility}, but {VOLATILITY} is expected.")
    return volatility


def _volatility_of(report: dict[str, Any]) -> float:
    found = [each for each in report["measures"] if each["measure"] == "volatility"]
    if not found or found[0]["value"] is None:
        raise DeployError(f"The risk engine computes no volatility: {found or report['status']}")
    return float(found[0]["value"])


def _require_equal(found: str, expected: str, what: str) -> str:
    if found != expected:
        raise DeployError(f"The stage answers {what} {found}, but {expected} is expected.")
    return found


def _failure_text(error: HubError) -> str:
    problem = getattr(error, "problem", {})
    if problem.get("type") == NETWORK_DENIED:
        return (
            "The stage does not answer this machine: its address is outside the stage's networks. The "
            "deployment is complete; run `make smoke` from one of these networks."
        )
    return f"The smoke test failed: {error}"
