"""Work of evaluator for the callers that evaluate strategies."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.evaluation.runs.adapters.run_rows import head_row, marker_row
from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.run_head import RunHead
from infra.names import table_name
from risk_hub_contracts.api.openapi.examples import EVALUATION, POLICY
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.blob.write import encode_returns
from risk_hub_contracts.evaluations.request import parse_evaluation_document
from risk_hub_contracts.runs.run_key import RunKey
from tests.local_stage.caller import small_body
from tools.grants.policies import Callers, callers
from tools.grants.producers import large_body, publish, upload_blob
from tools.grants.workbench import Workbench

STRATEGY = "AAPL"
PERIODS = 250
PORTFOLIO_POLICY: dict[str, Any] = {
    **POLICY,
    "profiles": {
        "paper": {
            "rules": {
                "var": {"kind": "portfolio", "measure": "incremental_var_99", "fail": {"max": 1.0}},
            }
        }
    },
}
ONE_STRATEGY = [{"strategy_id": STRATEGY, "risk_tier": "low"}]


def evaluates(bench: Workbench) -> None:
    """Strategies are evaluated by the active policy, and their runs are stored."""
    with _ready(bench) as caller:
        assert caller.evaluate()["selected"]


def reads_tokens(bench: Workbench) -> None:
    """A new process reads the tokens before it accepts a request."""
    with _ready(bench) as caller:
        assert caller.evaluate()["strategies"]


def repeats(bench: Workbench) -> None:
    """A repeated evaluation is answered from its stored runs."""
    with _ready(bench) as caller:
        assert caller.evaluate() == caller.evaluate(200)


def finds_no_snapshot(bench: Workbench) -> None:
    """A world without a snapshot is refused, unless the evaluation is a repeated one."""
    with callers(bench) as caller:
        caller.put()
        caller.activate()
        assert caller.evaluate(404)["type"].endswith(":world-unknown")


def evaluates_a_snapshot_behind_an_expired_one(bench: Workbench) -> None:
    """The latest snapshot that has not expired is found by the expiry index, then by its key."""
    with callers(bench) as caller:
        caller.put()
        caller.activate()
        now = datetime.now(tz=UTC)
        early, late = ((now - timedelta(minutes=minutes)).isoformat() for minutes in (2, 1))
        publish(bench, caller.world, small_body("early", as_of=early))
        publish(bench, caller.world, small_body("late", as_of=late, ttl_sec=1))
        time.sleep(1.5)
        assert caller.evaluate()["snapshot"]["version"] == "early"


def completes(bench: Workbench) -> None:
    """An interrupted evaluation is completed with the snapshot that it began with."""
    with _ready(bench) as caller:
        active = caller.get(f"worlds/{caller.world}/policy")
        first = caller.evaluate(evaluation_id="first")
        marker = EvaluationMarker(
            world_id=caller.world,
            evaluation_id=EVALUATION["evaluation_id"],
            request_hash=parse_evaluation_document(EVALUATION).request_hash,
            policy_id=active["policy_id"],
            policy_version=active["version"],
            policy_hash=active["policy_hash"],
            snapshot_version=first["snapshot"]["version"],
            snapshot_hash=first["snapshot"]["content_hash"],
        )
        _put(bench, marker_row(marker))
        assert caller.evaluate()["snapshot"] == first["snapshot"]


def refuses_a_broken_chain(bench: Workbench) -> None:
    """A run whose items are lost is named, and not replaced."""
    with _ready(bench) as caller:
        key = RunKey(caller.world, EVALUATION["strategies"][0]["strategy_id"], EVALUATION["evaluation_id"])
        at = format_instant(datetime.now(tz=UTC))
        _put(bench, head_row(RunHead(key, 1, "a" * 64, "paper", "pass", at, at)))
        assert caller.evaluate(424)["type"].endswith(":document-unavailable")


def reads_returns(bench: Workbench) -> None:
    """Numbers of the portfolio are computed from returns in the bucket."""
    with callers(bench) as caller:
        caller.put(PORTFOLIO_POLICY)
        caller.activate()
        ref = upload_blob(bench, caller.world, _returns(), "realized_returns")
        publish(bench, caller.world, small_body(realized_returns_ref=ref))
        assert not caller.evaluate(strategies=ONE_STRATEGY)["strategies"][0]["unresolved"]


def names_missing_returns(bench: Workbench) -> None:
    """Returns that are lost from the bucket are named as missing."""
    with callers(bench) as caller:
        caller.put(PORTFOLIO_POLICY)
        caller.activate()
        ref = upload_blob(bench, caller.world, _returns(), "realized_returns")
        publish(bench, caller.world, small_body(realized_returns_ref=ref))
        bench.s3.delete_object(Bucket=bench.bucket, Key=f"risk-blobs/{caller.world}/{ref['sha256']}")
        (verdict,) = caller.evaluate(strategies=ONE_STRATEGY)["strategies"]
        assert set(verdict["unresolved"].values()) == {"blob_unavailable"}


def evaluates_a_large_book(bench: Workbench) -> None:
    """A snapshot whose document is in the bucket is evaluated."""
    with callers(bench) as caller:
        caller.put()
        caller.activate()
        publish(bench, caller.world, large_body())
        assert caller.evaluate()["strategies"]


def _returns() -> bytes:
    """Return the returns of two assets that no other scenario has."""
    series = [[secrets.randbelow(1_000) / 1e5 - 0.005 for _ in range(PERIODS)] for _ in range(2)]
    return encode_returns(dict(zip((STRATEGY, "MSFT"), series, strict=True)))


def _put(bench: Workbench, row: Any) -> None:
    bench.dynamodb.put_item(TableName=table_name("local", "evaluation_runs"), Item=row)


@contextmanager
def _ready(bench: Workbench) -> Iterator[Callers]:
    """Yield callers of a new world with an active policy and a snapshot."""
    with callers(bench) as caller:
        caller.put()
        caller.activate()
        publish(bench, caller.world, small_body())
        yield caller
