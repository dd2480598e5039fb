"""Lambda entry point of extended_validator."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.queue import queue_worker
from functions.evaluation.extended.extend_runs import ExtendRuns
from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from functions.extended_validator.run_tally import count_runs
from functions.hub.adapters.aws import client
from functions.wiring import settings

_dynamodb, _stages = client("dynamodb"), settings.stages()
_runs = DynamoDBRuns(_dynamodb, settings.evaluation_runs_table())
_extend = ExtendRuns(
    listed=_runs,
    store=_runs,
    policies=DynamoDBEvaluationPolicies(_dynamodb, settings.policies_table()),
    clock=utc_now,
    tally=count_runs,
)
lambda_handler = queue_worker("extended_validator", _extend, clock=utc_now, stages=_stages)
handler = lambda_handler  # the name in the templates; ADR-0027
