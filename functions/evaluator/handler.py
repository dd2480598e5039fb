"""Lambda entry point of evaluator."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.http.authenticator import Authenticator
from functions.evaluation.evaluations.evaluate_strategies import EvaluateStrategies
from functions.evaluation.evaluations.resolve_inputs import ResolveInputs
from functions.evaluation.evaluations.world_policy import WorldPolicy
from functions.evaluation.rollout.read_rollout import ReadRollout
from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.store.dynamodb_activations import DynamoDBActivations
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from functions.evaluation.store.dynamodb_rollout import DynamoDBRollout
from functions.evaluator.routes import EvaluationRoutes, evaluator
from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from functions.wiring import settings

_s3, _dynamodb = client("s3"), client("dynamodb")
_snapshots = DynamoDBSnapshots(_dynamodb, settings.snapshots_table(), BodyStore(_s3, settings.bucket()))
_worlds = DynamoDBWorlds(_dynamodb, settings.worlds_table())
_runs = DynamoDBRuns(_dynamodb, settings.evaluation_runs_table())
_policies = WorldPolicy(
    DynamoDBEvaluationPolicies(_dynamodb, settings.policies_table()),
    DynamoDBActivations(_dynamodb, settings.policies_table()),
)
_tokens = SecretTokens(client("secretsmanager"), settings.tokens_secret_arn(), utc_now)
_inputs = ResolveInputs(
    policies=_policies,
    snapshots=ReadSnapshots(snapshots=_snapshots, worlds=_worlds, clock=utc_now),
    blobs=S3Blobs(_s3, settings.bucket()),
    runs=_runs,
    rollout=ReadRollout(DynamoDBRollout(_dynamodb, settings.policies_table())),
)
_routes = EvaluationRoutes(
    evaluate=EvaluateStrategies(_inputs, _runs, utc_now),
    authenticator=Authenticator(_tokens, utc_now),
)
lambda_handler = evaluator(_routes, settings.stages())
handler = lambda_handler  # the name in the templates; ADR-0027
