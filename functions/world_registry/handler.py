"""Lambda entry point of world_registry."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.http.authenticator import Authenticator
from functions.evaluation.latest_scenarios import ReportedScenarios
from functions.evaluation.store.dynamodb_policy_versions import DynamoDBPolicyVersions
from functions.evaluation.store.dynamodb_reports import DynamoDBReports
from functions.hub.adapters.aws import client
from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.use_cases.list_worlds import ListWorlds
from functions.hub.use_cases.register_policies import RegisterPolicies
from functions.hub.use_cases.register_worlds import RegisterWorlds
from functions.wiring import settings
from functions.world_registry.routes import world_registry

_dynamodb, _worlds, _reports = client("dynamodb"), settings.worlds_table(), settings.reports_table()
_registry = DynamoDBRegistry(_dynamodb, _worlds)
_tokens = SecretTokens(client("secretsmanager"), settings.tokens_secret_arn(), utc_now)
lambda_handler = world_registry(
    register=RegisterWorlds(registry=_registry, clock=utc_now),
    policies=RegisterPolicies(
        registry=_registry,
        versions=DynamoDBPolicyVersions(_dynamodb, _reports),
        scenarios=ReportedScenarios(DynamoDBWorlds(_dynamodb, _worlds), DynamoDBReports(_dynamodb, _reports)),
        clock=utc_now,
        legacy_method=settings.legacy_method() == "true",
    ),
    list_worlds=ListWorlds(registry=_registry, clock=utc_now),
    authenticator=Authenticator(_tokens, utc_now),
    stages=settings.stages(),
)
handler = lambda_handler  # the name in the templates; ADR-0027
