"""JSON Schemas (2020-12) of every request, answer and file, generated from the models by pydantic."""

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from risk_hub_contracts import __version__
from risk_hub_contracts.api.answers import (
    ContractAnswer,
    HealthAnswer,
    ProblemAnswer,
    SnapshotAnswer,
    SnapshotPage,
)
from risk_hub_contracts.api.history_answers import HistoryPage, HotHistoryPage
from risk_hub_contracts.api.schema_transforms import (
    COMPLETE_WITHOUT_NULLS,
    as_answer,
    as_request,
    merge_definitions,
    without_nulls,
)
from risk_hub_contracts.api.upload_answers import BlobAnswer, UploadAnswer
from risk_hub_contracts.base.tokens import TokenList
from risk_hub_contracts.blob.refs import IssuedRef
from risk_hub_contracts.blob.uploads import UploadEnd, UploadRequest
from risk_hub_contracts.evaluations.answer import EvaluationAnswer
from risk_hub_contracts.evaluations.request import EvaluationRequest
from risk_hub_contracts.policies.activation import ActivationAnswer, ActivationPage, PolicyActivation
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.policies.rollout import (
    RollbackRequest,
    RolloutAnswer,
    RolloutChangeAnswer,
    RolloutPage,
    RolloutRequest,
)
from risk_hub_contracts.policies.stored_policy import PolicyPage, StoredPolicyAnswer
from risk_hub_contracts.reports.backtest import BacktestReport
from risk_hub_contracts.reports.exit_signal import ExitSignal, ExitSignalPage
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.run_answers import EvaluationRunHistory, EvaluationRunPage
from risk_hub_contracts.snapshot.request_schema import SnapshotRequest
from risk_hub_contracts.worlds.expectation import Expectation
from risk_hub_contracts.worlds.registry import ExitPolicyAnswer, ExpectationAnswer, WorldsPage

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
API_MODELS: Final[dict[str, TypeAdapter[Any]]] = {
    "SnapshotRequest": TypeAdapter(SnapshotRequest),
    "SnapshotAnswer": TypeAdapter(SnapshotAnswer),
    "SnapshotPage": TypeAdapter(SnapshotPage),
    "RiskReport": TypeAdapter(RiskReport),
    "StressReport": TypeAdapter(StressReport),
    "ExitSignalPage": TypeAdapter(ExitSignalPage),
    "BacktestReport": TypeAdapter(BacktestReport),
    "HistoryPage": TypeAdapter(HistoryPage),
    "HotHistoryPage": TypeAdapter(HotHistoryPage),
    "UploadRequest": TypeAdapter(UploadRequest),
    "UploadEnd": TypeAdapter(UploadEnd),
    "UploadAnswer": TypeAdapter(UploadAnswer),
    "BlobAnswer": TypeAdapter(BlobAnswer),
    "Expectation": TypeAdapter(Expectation),
    "ExpectationAnswer": TypeAdapter(ExpectationAnswer),
    "ExitPolicy": TypeAdapter(ExitPolicy),
    "ExitPolicyAnswer": TypeAdapter(ExitPolicyAnswer),
    "WorldsPage": TypeAdapter(WorldsPage),
    "EvaluationPolicy": TypeAdapter(EvaluationPolicy),
    "StoredPolicyAnswer": TypeAdapter(StoredPolicyAnswer),
    "PolicyPage": TypeAdapter(PolicyPage),
    "PolicyActivation": TypeAdapter(PolicyActivation),
    "ActivationAnswer": TypeAdapter(ActivationAnswer),
    "ActivationPage": TypeAdapter(ActivationPage),
    "RolloutRequest": TypeAdapter(RolloutRequest),
    "RollbackRequest": TypeAdapter(RollbackRequest),
    "RolloutAnswer": TypeAdapter(RolloutAnswer),
    "RolloutChangeAnswer": TypeAdapter(RolloutChangeAnswer),
    "RolloutPage": TypeAdapter(RolloutPage),
    "EvaluationRequest": TypeAdapter(EvaluationRequest),
    "EvaluationAnswer": TypeAdapter(EvaluationAnswer),
    "EvaluationRun": TypeAdapter(EvaluationRun),
    "EvaluationRunPage": TypeAdapter(EvaluationRunPage),
    "EvaluationRunHistory": TypeAdapter(EvaluationRunHistory),
    "ContractAnswer": TypeAdapter(ContractAnswer),
    "HealthAnswer": TypeAdapter(HealthAnswer),
    "ProblemAnswer": TypeAdapter(ProblemAnswer),
}
FILE_MODELS: Final[dict[str, TypeAdapter[Any]]] = {
    "snapshot-request": API_MODELS["SnapshotRequest"],
    "snapshot-answer": API_MODELS["SnapshotAnswer"],
    "snapshot-page": API_MODELS["SnapshotPage"],
    "backtest-report": API_MODELS["BacktestReport"],
    "history-page": API_MODELS["HistoryPage"],
    "hot-history-page": API_MODELS["HotHistoryPage"],
    "risk-report": API_MODELS["RiskReport"],
    "stress-report": API_MODELS["StressReport"],
    "exit-signal": TypeAdapter(ExitSignal),
    "exit-signal-page": API_MODELS["ExitSignalPage"],
    "exit-policy": API_MODELS["ExitPolicy"],
    "exit-policy-answer": API_MODELS["ExitPolicyAnswer"],
    "evaluation-policy": API_MODELS["EvaluationPolicy"],
    "stored-policy-answer": API_MODELS["StoredPolicyAnswer"],
    "policy-page": API_MODELS["PolicyPage"],
    "policy-activation": API_MODELS["PolicyActivation"],
    "activation-answer": API_MODELS["ActivationAnswer"],
    "activation-page": API_MODELS["ActivationPage"],
    "rollout-request": API_MODELS["RolloutRequest"],
    "rollback-request": API_MODELS["RollbackRequest"],
    "rollout-answer": API_MODELS["RolloutAnswer"],
    "rollout-change-answer": API_MODELS["RolloutChangeAnswer"],
    "rollout-page": API_MODELS["RolloutPage"],
    "evaluation-request": API_MODELS["EvaluationRequest"],
    "evaluation-answer": API_MODELS["EvaluationAnswer"],
    "evaluation-run": API_MODELS["EvaluationRun"],
    "evaluation-run-page": API_MODELS["EvaluationRunPage"],
    "evaluation-run-history": API_MODELS["EvaluationRunHistory"],
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
# Documents that others write and the hub reads, by model name and file name.
REQUEST_MODELS: Final = frozenset(
    {
        *("SnapshotRequest", "UploadRequest", "UploadEnd"),
        *("Expectation", "ExitPolicy", "EvaluationPolicy", "PolicyActivation"),
        *("RolloutRequest", "RollbackRequest"),
        "EvaluationRequest",
    }
)
REQUEST_FILES: Final = frozenset(
    {
        *("snapshot-request", "upload-request", "upload-end"),
        *("expectation", "exit-policy", "evaluation-policy", "policy-activation", "token-list"),
        *("rollout-request", "rollback-request"),
        "evaluation-request",
    }
)
COMPONENT: Final = "#/components/schemas/"
_MODE: Final[JsonSchemaMode] = "validation"


class ContractSchema(GenerateJsonSchema):
    """Pydantic's generator without redundant titles, and with a map's key pattern applied to all keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's signature
        """Omit titles: they repeat the property's name."""
        return False

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """State a key pattern as a rule for every key; pydantic would leave other keys unrestricted."""
        result = super().dict_schema(schema)
        for pattern, values in result.pop("patternProperties", {}).items():
            result["additionalProperties"] = values
            result["propertyNames"] = {**result.get("propertyNames", {}), "pattern": pattern}
        return result


def component_schemas(*, closed_answers: bool = False) -> dict[str, Any]:
    """Return the schemas of the API's bodies, by model name, as OpenAPI components.

    Args:
        closed_answers: forbid members that an answer does not declare; for tests of the hub's output.
    """
    requests = {name: as_request(schema) for name, schema in _definitions(requests=True).items()}
    answers = {
        name: as_answer(_as_written(name, schema), closed=closed_answers)
        for name, schema in _definitions(requests=False).items()
    }
    return merge_definitions(requests, answers, COMPONENT)


def schema_files(*, closed_answers: bool = False) -> dict[str, dict[str, Any]]:
    """Return one self-contained schema per model, by file name without its extension.

    Args:
        closed_answers: as for `component_schemas`.
    """
    return {name: _schema_file(name, adapter, closed_answers) for name, adapter in FILE_MODELS.items()}


def _definitions(*, requests: bool) -> dict[str, dict[str, Any]]:
    """Return the definitions of one side of the API, as pydantic generates them."""
    selected = {name: model for name, model in API_MODELS.items() if (name in REQUEST_MODELS) is requests}
    _, schemas = TypeAdapter.json_schemas(
        [(name, _MODE, adapter) for name, adapter in selected.items()],
        ref_template=f"{COMPONENT}{{model}}",
        schema_generator=ContractSchema,
    )
    definitions: dict[str, dict[str, Any]] = schemas["$defs"]
    return definitions


def _schema_file(name: str, adapter: TypeAdapter[Any], closed_answers: bool) -> dict[str, Any]:  # noqa: FBT001
    head = {"$schema": DIALECT, "$id": f"urn:risk-hub:schema:{name}:{__version__}"}
    schema = adapter.json_schema(mode=_MODE, schema_generator=ContractSchema)
    if name in REQUEST_FILES:
        return head | as_request(schema)
    if "$defs" in schema:
        written = {key: _as_written(key, each) for key, each in schema["$defs"].items()}
        schema = {**schema, "$defs": written}
    return head | as_answer(schema, closed=closed_answers)


def _as_written(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return without_nulls(schema) if name in COMPLETE_WITHOUT_NULLS else schema
