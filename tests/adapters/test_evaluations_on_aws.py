"""An evaluation on the real adapters: its requests, and a crash before and after each of them (INV-19)."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from math import ceil
from typing import Any, Literal

import boto3
import orjson
import pytest
from moto import mock_aws

from functions.evaluation.evaluations.evaluate_strategies import EvaluateStrategies, EvaluationResult
from functions.evaluation.evaluations.resolve_inputs import ResolveInputs
from functions.evaluation.evaluations.world_policy import WorldPolicy
from functions.evaluation.policies.activate_policy import ActivatePolicy
from functions.evaluation.policies.policy_records import Author, PolicyKey
from functions.evaluation.policies.store_policy import StorePolicy
from functions.evaluation.rollout.read_rollout import ReadRollout
from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.ports import WRITES_MAX_COUNT
from functions.evaluation.store.dynamodb_activations import DynamoDBActivations
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from functions.evaluation.store.dynamodb_rollout import DynamoDBRollout
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.use_cases.publish_snapshot import PublishRequest, PublishSnapshot
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from risk_hub_contracts.evaluations.request import EvaluationRequest, SentPrecheck, parse_evaluation_document
from risk_hub_contracts.policies.activation import PolicyActivation
from risk_hub_contracts.policies.evaluation_policy import parse_policy
from tests.adapters.conftest import create_table
from tests.adapters.test_move_on_aws import Interrupted
from tests.evaluation.test_portfolio_numbers import SERIES
from tests.fakes.clock import FrozenClock
from tests.fakes.evaluating import INCREMENTAL, evaluation, policy, strategy
from tests.fakes.samples import WORLD
from tests.fakes.stores import MemoryWorlds
from tests.history.moving import CrashError

STRATEGIES = 32
# A policy with a limit on portfolio numbers, returns by reference, and 32 runs in two transactions.
REQUESTS = [
    *("Query", "GetItem"),  # the active policy
    *("Query", "GetObject"),  # the latest snapshot, and its returns
    *("TransactWriteItems", "TransactWriteItems"),
]


def request(count: int = STRATEGIES, **changed: Any) -> EvaluationRequest:
    named = [strategy("carry"), strategy("value", candidate_weight=0.1)]
    rest = (strategy(f"s{place:03}", place / 10) for place in range(count - len(named)))
    return parse_evaluation_document(evaluation(*named[:count], *rest, **changed))


class Aws:
    """One world with a policy and a snapshot on moto, and the process that evaluates."""

    def __init__(self) -> None:
        self.wire = Interrupted()
        self.s3, self.dynamodb = (self.wire.watch(boto3.client(name)) for name in ("s3", "dynamodb"))
        self.s3.create_bucket(Bucket="blobs")
        for name in ("snapshots", "marks", "policies", "evaluation_runs"):
            create_table(name)
        self.clock = FrozenClock()
        self.snapshots = DynamoDBSnapshots(self.dynamodb, "snapshots", BodyStore(self.s3, "blobs"))
        self.runs = DynamoDBRuns(self.dynamodb, "evaluation_runs")
        self.activate(policy(var=INCREMENTAL))
        self.publish("v1")
        self.restart()

    def restart(self) -> None:
        """Start a new process, which has cached no policy."""
        inputs = ResolveInputs(
            WorldPolicy(
                DynamoDBEvaluationPolicies(self.dynamodb, "policies"),
                DynamoDBActivations(self.dynamodb, "policies"),
            ),
            ReadSnapshots(self.snapshots, MemoryWorlds(), self.clock),
            S3Blobs(self.s3, "blobs"),
            self.runs,
            ReadRollout(DynamoDBRollout(self.dynamodb, "policies")),
        )
        self.evaluate = EvaluateStrategies(inputs, self.runs, self.clock)

    def activate(self, document: dict[str, Any]) -> None:
        policies = DynamoDBEvaluationPolicies(self.dynamodb, "policies")
        parsed = parse_policy(document)
        StorePolicy(policies, self.clock)(
            PolicyKey(parsed.policy_id, parsed.version), parsed, Author("author", "r1")
        )
        activate = ActivatePolicy(policies, DynamoDBActivations(self.dynamodb, "policies"), self.clock)
        wanted = PolicyActivation(policy_id=parsed.policy_id, version=parsed.version, reason="test")
        activate(WORLD, wanted, Author("approver", "r2"))

    def publish(self, version: str) -> None:
        marks = DynamoDBBlobMarks(self.dynamodb, "marks")
        offload = OffloadPolicy(enabled=True, inline_threshold_entries=100)
        publish = PublishSnapshot(
            self.snapshots, S3Blobs(self.s3, "blobs"), marks, self.clock, offload, timedelta(days=30)
        )
        body = {
            "as_of": "2026-01-05T11:59:00Z",
            "version": version,
            "weights": {"carry": 0.5, "momentum": 0.5},
            "realized_returns": SERIES,
            "returns_meta": {"frequency": "daily"},
        }
        publish(PublishRequest(WORLD, "gateway", "paper", orjson.dumps(body)))

    def ask(self, wanted: EvaluationRequest) -> EvaluationResult:
        return self.evaluate(WORLD, wanted, "kim")

    def counted(self, wanted: EvaluationRequest) -> list[str]:
        self.wire.arm(0, "before")
        self.ask(wanted)
        return list(self.wire.operations)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws()


def allowed(runs: int) -> int:
    """Return the budget of calls: 3, and 2 for each 25 runs that are stored."""
    return 3 + 2 * ceil(runs / WRITES_MAX_COUNT)


def test_calls_of_an_evaluation_are_those_of_its_inputs_and_one_per_25_runs(aws: Aws) -> None:
    assert aws.counted(request()) == REQUESTS


@pytest.mark.parametrize("count", [1, 25, 26, 60])
def test_verdict_of_the_caller_costs_one_query_more_for_the_flag(aws: Aws, count: int) -> None:
    plain, checked = request(count), request(count, evaluation_id="nightly-2")
    strategies = [
        each.model_copy(update={"caller_precheck": SentPrecheck(status="pass")})
        for each in checked.strategies
    ]
    checked = checked.model_copy(update={"strategies": tuple(strategies)})
    before = aws.counted(plain)
    aws.restart()
    after = aws.counted(checked)
    assert Counter(after) - Counter(before) == Counter(["Query"])


@pytest.mark.parametrize("count", [1, 25, 26, 60])
def test_calls_of_an_evaluation_are_at_most_3_and_2_per_25_runs(aws: Aws, count: int) -> None:
    assert len(aws.counted(request(count))) <= allowed(count)
    assert len(aws.counted(request(count))) <= allowed(count), "a replay"
    later = request(count, evaluation_id="nightly-2", previous_evaluation_id="nightly-1")
    assert len(aws.counted(later)) <= allowed(count), "the same process has read the policy"


def test_second_evaluation_of_a_process_reads_no_policy_document(aws: Aws) -> None:
    aws.counted(request(1))
    assert "GetItem" not in aws.counted(request(1, evaluation_id="nightly-2"))


def test_policy_without_portfolio_rules_reads_no_returns(aws: Aws) -> None:
    aws.activate(policy("2"))
    assert Counter(aws.counted(request(1)))["GetObject"] == 0


def test_numbers_of_the_portfolio_are_recorded_with_the_run(aws: Aws) -> None:
    answer = aws.ask(request(3)).answer
    verdicts = {each["strategy_id"]: each for each in answer["strategies"]}
    assert verdicts["s000"]["unresolved"] == {"risk.incremental_var_99": "strategy_returns_absent"}
    assert verdicts["s000"]["results"][0]["reason_code"] == "metric_missing"
    for name in ("carry", "value"):
        (result,) = verdicts[name]["results"]
        assert (result["metric"], result["status"]) == ("risk.incremental_var_99", "pass")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("stop_at", range(1, len(REQUESTS) + 1))
def test_inv_19_crash_at_any_request_leaves_no_verdict_without_a_record(
    aws: Aws, stop_at: int, when: Literal["before", "after"]
) -> None:
    aws.wire.arm(stop_at, when)
    with pytest.raises(CrashError):
        aws.ask(request())
    aws.wire.arm(0, when)
    stored = {chain.key for chain in aws.runs.chains()}
    assert len(stored) in {0, WRITES_MAX_COUNT, STRATEGIES}
    aws.activate(policy("2", var={**INCREMENTAL, "fail": {"max": 0.0}}))
    aws.publish("v2")
    aws.restart()
    answer = aws.ask(request()).answer
    chains = {chain.key: chain for chain in aws.runs.chains()}
    assert {(each["strategy_id"], each["run_id"]) for each in answer["strategies"]} == {
        (key.strategy_id, key.run_id) for key in chains
    }
    assert answer["policy"]["version"] == ("1" if stored else "2")
    assert {chain.head.status for chain in chains.values() if chain.head} <= {"pass", "fail"}
    assert aws.ask(request()).answer == answer
