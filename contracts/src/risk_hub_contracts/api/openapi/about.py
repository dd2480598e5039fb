"""Operations about the hub itself."""

from typing import Final

from risk_hub_contracts.api.answers import ContractAnswer, HealthAnswer
from risk_hub_contracts.api.openapi.operations import Answer, Operation

ABOUT: Final = (
    Operation(
        "read_contract",
        "The contract's version, this deployment's stages, and every limit by name",
        (Answer(200, ContractAnswer, "The contract."),),
    ),
    Operation("read_health", "Whether the hub is up", (Answer(200, HealthAnswer, "The hub is up."),)),
)
