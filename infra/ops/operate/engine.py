"""Verification by the deployed risk engine, which uses the same code that computed the report."""

from typing import TYPE_CHECKING, Any

from infra import names
from infra.recovery.invocation import invoke

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class RiskEngine:
    """Direct invocations of a stage's risk_engine."""

    def __init__(self, lambda_: "LambdaClient", stage: str) -> None:
        self._lambda = lambda_
        self._name = names.physical_name(stage, "risk_engine")

    def verify(self, world_id: str, version: str) -> dict[str, Any]:
        """Return the engine's result for one stored report.

        Raises:
            RefusedRequestError: there is no such snapshot, or no report on it by this engine.
            OperateError: the engine failed.
        """
        return invoke(
            self._lambda,
            self._name,
            {"verify": {"world_id": world_id, "version": version}},
            failed="could not verify the report",
            refused="There is nothing to verify: {}.",
        )
