"""Lambda entry point of evaluation_registry."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.http.authenticator import Authenticator
from functions.evaluation.policies.activate_policy import ActivatePolicy
from functions.evaluation.policies.read_activations import ReadActivations
from functions.evaluation.policies.read_policies import ReadPolicies
from functions.evaluation.policies.store_policy import StorePolicy
from functions.evaluation.rollout.change_rollout import ChangeRollout
from functions.evaluation.rollout.read_rollout import ReadRollout
from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.answer_runs import AnswerRuns
from functions.evaluation.runs.read_runs import ReadRuns
from functions.evaluation.store.dynamodb_activations import DynamoDBActivations
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from functions.evaluation.store.dynamodb_rollout import DynamoDBRollout
from functions.evaluation_registry.rollout_routes import RolloutRoutes, add_rollout_routes
from functions.evaluation_registry.routes import PolicyRoutes, evaluation_registry
from functions.evaluation_registry.run_routes import RunRoutes, add_run_routes
from functions.hub.adapters.aws import client
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.wiring import settings

_dynamodb, _table = client("dynamodb"), settings.policies_table()
_policies = DynamoDBEvaluationPolicies(_dynamodb, _table)
_activations = DynamoDBActivations(_dynamodb, _table)
_rollout = DynamoDBRollout(_dynamodb, _table)
_tokens = SecretTokens(client("secretsmanager"), settings.tokens_secret_arn(), utc_now)
_authenticator = Authenticator(_tokens, utc_now)
_routes = PolicyRoutes(
    store=StorePolicy(_policies, utc_now),
    read=ReadPolicies(_policies),
    activate=ActivatePolicy(_policies, _activations, utc_now),
    activations=ReadActivations(_activations),
    authenticator=_authenticator,
)
_runs = DynamoDBRuns(_dynamodb, settings.evaluation_runs_table())
lambda_handler = add_rollout_routes(
    evaluation_registry(_routes, settings.stages()),
    RolloutRoutes(ChangeRollout(_rollout, utc_now), ReadRollout(_rollout), _authenticator),
)
add_run_routes(lambda_handler, RunRoutes(AnswerRuns(ReadRuns(_runs)), _authenticator))
handler = lambda_handler  # the name in the templates; ADR-0027
