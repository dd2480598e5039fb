"""JSON Schemas (2020-12) of everything that crosses the wire, made from the models by pydantic."""

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from risk_hub_contracts import __version__
from risk_hub_contracts.answers import (
    ContractAnswer,
    HealthAnswer,
    ProblemAnswer,
    SnapshotAnswer,
    SnapshotPage,
)
from risk_hub_contracts.backtest import BacktestReport
from risk_hub_contracts.exit_policy import ExitPolicy
from risk_hub_contracts.exit_signal import ExitSignal
from risk_hub_contracts.expectation import Expectation
from risk_hub_contracts.refs import IssuedRef
from risk_hub_contracts.request import SnapshotRequest
from risk_hub_contracts.risk import RiskReport
from risk_hub_contracts.stress import StressReport
from risk_hub_contracts.tokens import TokenList
from risk_hub_contracts.upload_answers import BlobAnswer, UploadAnswer
from risk_hub_contracts.uploads import UploadEnd, UploadRequest
from risk_hub_contracts.worlds import ExitPolicyAnswer, ExpectationAnswer, WorldsPage

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
API_MODELS: Final[dict[str, TypeAdapter[Any]]] = {
    "SnapshotRequest": TypeAdapter(SnapshotRequest),
    "SnapshotAnswer": TypeAdapter(SnapshotAnswer),
    "SnapshotPage": TypeAdapter(SnapshotPage),
    "RiskReport": TypeAdapter(RiskReport),
    "BacktestReport": TypeAdapter(BacktestReport),
    "UploadRequest": TypeAdapter(UploadRequest),
    "UploadEnd": TypeAdapter(UploadEnd),
    "UploadAnswer": TypeAdapter(UploadAnswer),
    "BlobAnswer": TypeAdapter(BlobAnswer),
    "Expectation": TypeAdapter(Expectation),
    "ExpectationAnswer": TypeAdapter(ExpectationAnswer),
    "ExitPolicy": TypeAdapter(ExitPolicy),
    "ExitPolicyAnswer": TypeAdapter(ExitPolicyAnswer),
    "WorldsPage": TypeAdapter(WorldsPage),
    "ContractAnswer": TypeAdapter(ContractAnswer),
    "HealthAnswer": TypeAdapter(HealthAnswer),
    "ProblemAnswer": TypeAdapter(ProblemAnswer),
}
FILE_MODELS: Final[dict[str, TypeAdapter[Any]]] = {
    "snapshot-request": API_MODELS["SnapshotRequest"],
    "snapshot-answer": API_MODELS["SnapshotAnswer"],
    "snapshot-page": API_MODELS["SnapshotPage"],
    "backtest-report": API_MODELS["BacktestReport"],
    "risk-report": API_MODELS["RiskReport"],
    "stress-report": TypeAdapter(StressReport),
    "exit-signal": TypeAdapter(ExitSignal),
    "exit-policy": API_MODELS["ExitPolicy"],
    "exit-policy-answer": API_MODELS["ExitPolicyAnswer"],
    "expectation": API_MODELS["Expectation"],
    "expectation-answer": API_MODELS["ExpectationAnswer"],
    "worlds-page": API_MODELS["WorldsPage"],
    "contract": API_MODELS["ContractAnswer"],
    "health": API_MODELS["HealthAnswer"],
    "problem": API_MODELS["ProblemAnswer"],
    "blob-ref": TypeAdapter(IssuedRef),
    "upload-request": API_MODELS["UploadRequest"],
    "upload-end": API_MODELS["UploadEnd"],
    "upload-answer": API_MODELS["UploadAnswer"],
    "blob-answer": API_MODELS["BlobAnswer"],
    "token-list": TypeAdapter(TokenList),
}
_MODE: Final[JsonSchemaMode] = "validation"


class ContractSchema(GenerateJsonSchema):
    """Pydantic's generator, without titles that repeat names, and with maps whose keys all follow one pattern."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's signature
        """No titles: the property's name says it."""
        return False

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """State a key pattern as a rule for every key; pydantic would let keys of another form hold anything."""
        result = super().dict_schema(schema)
        for pattern, values in result.pop("patternProperties", {}).items():
            result["additionalProperties"] = values
            result["propertyNames"] = {**result.get("propertyNames", {}), "pattern": pattern}
        return result


def component_schemas() -> dict[str, Any]:
    """Return the schemas of the API's bodies, by model name, as OpenAPI components."""
    inputs = [(name, _MODE, adapter) for name, adapter in API_MODELS.items()]
    _, schemas = TypeAdapter.json_schemas(
        inputs,
        ref_template="#/components/schemas/{model}",
        schema_generator=ContractSchema,
    )
    definitions: dict[str, Any] = schemas["$defs"]
    return definitions


def schema_files() -> dict[str, dict[str, Any]]:
    """Return one self-contained schema per model, by file name without its ending."""
    return {name: _schema_file(name, adapter) for name, adapter in FILE_MODELS.items()}


def _schema_file(name: str, adapter: TypeAdapter[Any]) -> dict[str, Any]:
    head = {"$schema": DIALECT, "$id": f"urn:risk-hub:schema:{name}:{__version__}"}
    return head | adapter.json_schema(mode=_MODE, schema_generator=ContractSchema)
