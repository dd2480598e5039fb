"""Every grant next to the scenario that fails without it; a grant without such a scenario is not given."""

from collections.abc import Callable, Mapping
from typing import Final

from infra.functions import WORKER_EVENTS
from infra.names import FunctionFolder
from tools.grants import (
    consumers,
    evaluations,
    extended,
    history,
    policies,
    producers,
    runs,
    scheduled,
    workers,
)
from tools.grants.workbench import Workbench

Scenario = Callable[[Workbench], None]
Rows = Mapping[tuple[str, str], Scenario]
BLOBS, BODIES, UPLOADS, HISTORY = (
    f"bucket/risk-{name}/*" for name in ("blobs", "bodies", "uploads", "history")
)
ANCHORS: Final = "anchors/evaluation-anchors/*"
QUEUES: Final = tuple(worker.replace("_", "-") for worker in WORKER_EVENTS)

SCENARIOS: Final[dict[FunctionFolder, Rows]] = {
    "snapshot_writer": {
        ("dynamodb:PutItem", "snapshots"): producers.publishes,
        ("dynamodb:GetItem", "marks"): producers.offloads,
        ("dynamodb:PutItem", "marks"): producers.offloads,
        ("dynamodb:Scan", "worlds"): producers.repeats,
        ("secretsmanager:GetSecretValue", "tokens"): producers.reads_tokens,
        ("s3:GetObject", BLOBS): producers.verifies_reference,
        ("s3:GetObject", BODIES): producers.replays_a_large_book,
        ("s3:GetObject", UPLOADS): producers.completes,
        ("s3:PutObject", BLOBS): producers.offloads,
        ("s3:PutObject", BODIES): producers.replays_a_large_book,
        ("s3:PutObject", UPLOADS): producers.completes,
        ("s3:AbortMultipartUpload", UPLOADS): producers.aborts,
        ("s3:ListMultipartUploadParts", UPLOADS): producers.counts_parts,
        ("s3:ListBucket", "bucket"): producers.rejects_missing_blob,
        ("s3:GetObject", HISTORY): history.repeats_a_moved_book,
    },
    "snapshot_reader": {
        ("dynamodb:GetItem", "snapshots"): consumers.reads_a_version,
        ("dynamodb:BatchGetItem", "snapshots"): consumers.reads_at_known_at,
        ("dynamodb:Query", "snapshots/index/by_as_of"): consumers.reads_the_latest,
        ("dynamodb:Query", "snapshots/index/by_stage"): consumers.reads_the_latest_of_a_stage,
        ("dynamodb:Query", "snapshots/index/by_expiry"): consumers.reads_at_known_at,
        ("dynamodb:Query", "worlds"): consumers.reads_unknown_world,
        ("dynamodb:Query", "evaluations"): consumers.reads_risk,
        ("dynamodb:Query", "evaluations/index/by_emission"): consumers.lists_signals,
        ("dynamodb:BatchGetItem", "evaluations"): consumers.backtests,
        ("secretsmanager:GetSecretValue", "tokens"): consumers.reads_tokens,
        ("s3:GetObject", BLOBS): consumers.expands,
        ("s3:GetObject", BODIES): consumers.reads_a_large_book,
        ("s3:ListBucket", "bucket"): consumers.reads_missing_blob,
        ("dynamodb:Query", "segments"): history.lists_moved_books,
        ("s3:GetObject", HISTORY): history.reads_a_moved_version,
    },
    "world_registry": {
        ("dynamodb:UpdateItem", "worlds"): consumers.writes_expectation,
        ("dynamodb:GetItem", "worlds"): consumers.reads_expectation,
        ("dynamodb:Query", "worlds"): consumers.checks_scenario_names,
        ("dynamodb:Query", "evaluations"): consumers.lists_policy_versions,
        ("dynamodb:PutItem", "evaluations"): consumers.lists_policy_versions,
        ("dynamodb:GetItem", "evaluations"): consumers.reads_a_policy_version,
        ("dynamodb:Scan", "worlds"): consumers.lists_worlds,
        ("secretsmanager:GetSecretValue", "tokens"): consumers.registry_reads_tokens,
    },
    "evaluation_registry": {
        ("dynamodb:PutItem", "policies"): policies.stores_a_policy,
        ("dynamodb:GetItem", "policies"): policies.reads_a_policy,
        ("dynamodb:Query", "policies"): policies.activates_a_policy,
        ("dynamodb:Query", "policies/index/by_policy"): policies.lists_policies,
        ("dynamodb:Query", "evaluation_runs"): runs.reads_a_run,
        ("dynamodb:Query", "evaluation_runs/index/by_world"): runs.lists_runs,
        ("dynamodb:Query", "evaluation_runs/index/by_strategy"): runs.lists_runs_of_a_strategy,
        ("dynamodb:Query", "evaluation_runs/index/by_stage"): runs.lists_runs_of_a_stage,
        ("dynamodb:Query", "evaluation_runs/index/by_status"): runs.lists_runs_with_a_status,
        (
            "dynamodb:Query",
            "evaluation_runs/index/by_stage_and_status",
        ): runs.lists_runs_of_a_stage_with_a_status,
        ("secretsmanager:GetSecretValue", "tokens"): policies.reads_tokens,
    },
    "evaluator": {
        ("dynamodb:GetItem", "policies"): evaluations.evaluates,
        ("dynamodb:Query", "policies"): evaluations.evaluates,
        ("dynamodb:GetItem", "snapshots"): evaluations.completes,
        ("dynamodb:BatchGetItem", "snapshots"): evaluations.evaluates_a_snapshot_behind_an_expired_one,
        ("dynamodb:Query", "snapshots/index/by_stage"): evaluations.evaluates,
        (
            "dynamodb:Query",
            "snapshots/index/by_expiry",
        ): evaluations.evaluates_a_snapshot_behind_an_expired_one,
        ("dynamodb:Query", "worlds"): evaluations.finds_no_snapshot,
        ("dynamodb:PutItem", "evaluation_runs"): evaluations.evaluates,
        ("dynamodb:GetItem", "evaluation_runs"): evaluations.finds_no_snapshot,
        ("dynamodb:Query", "evaluation_runs"): evaluations.refuses_a_broken_chain,
        ("dynamodb:BatchGetItem", "evaluation_runs"): evaluations.repeats,
        ("secretsmanager:GetSecretValue", "tokens"): evaluations.reads_tokens,
        ("s3:GetObject", BLOBS): evaluations.reads_returns,
        ("s3:GetObject", BODIES): evaluations.evaluates_a_large_book,
        ("s3:ListBucket", "bucket"): evaluations.names_missing_returns,
    },
    "event_relay": {
        ("dynamodb:UpdateItem", "worlds"): workers.relays,
        ("events:PutEvents", "bus"): workers.relays,
        ("sqs:SendMessage", "relay-failures"): workers.isolates_an_unreadable_record,
        ("s3:GetObject", BODIES): workers.relays_a_large_book,
        ("dynamodb:Query", "snapshots/index/by_as_of"): workers.replays_a_period,
        ("dynamodb:Query", "snapshots/index/by_stage"): workers.evaluates_a_period_of_a_stage,
        ("dynamodb:Query", "evaluations"): workers.evaluates_a_period,
        ("dynamodb:GetItem", "snapshots"): workers.replays_a_version,
        ("dynamodb:GetItem", "evaluations"): workers.replays_a_report,
        ("dynamodb:Query", "segments"): history.announces_moved_books,
        ("s3:GetObject", HISTORY): history.announces_moved_books,
    },
    "risk_engine": {
        ("dynamodb:GetItem", "snapshots"): workers.evaluates_risk_of_a_large_book,
        ("dynamodb:GetItem", "evaluations"): workers.verifies,
        ("dynamodb:PutItem", "evaluations"): workers.evaluates_risk,
        ("dynamodb:Scan", "worlds"): workers.counts_expired_for_risk,
        ("s3:GetObject", BLOBS): workers.evaluates_risk_of_a_blob,
        ("s3:GetObject", BODIES): workers.evaluates_risk_of_a_large_book,
        ("s3:PutObject", BODIES): workers.evaluates_risk_of_a_large_book,
        ("s3:ListBucket", "bucket"): workers.evaluates_risk_without_blob,
        ("s3:GetObject", HISTORY): history.evaluates_risk_of_a_moved_book,
    },
    "stress_engine": {
        ("dynamodb:GetItem", "snapshots"): workers.evaluates_stress_of_a_large_book,
        ("dynamodb:PutItem", "evaluations"): workers.evaluates_stress,
        ("dynamodb:Scan", "worlds"): workers.counts_expired_for_stress,
        ("s3:GetObject", BLOBS): workers.evaluates_stress_of_a_blob,
        ("s3:GetObject", BODIES): workers.evaluates_stress_of_a_large_book,
        ("s3:ListBucket", "bucket"): workers.evaluates_stress_without_blob,
        ("s3:GetObject", HISTORY): history.evaluates_stress_of_a_moved_book,
    },
    "exit_engine": {
        ("dynamodb:GetItem", "snapshots"): workers.signals,
        ("dynamodb:GetItem", "worlds"): workers.signals,
        ("dynamodb:Scan", "worlds"): workers.counts_expired_for_signals,
        ("dynamodb:GetItem", "evaluations"): workers.signals,
        ("dynamodb:PutItem", "evaluations"): workers.signals,
        ("s3:GetObject", BODIES): workers.signals_on_a_large_book,
        ("s3:GetObject", HISTORY): history.signals_on_a_moved_book,
    },
    "extended_validator": {
        ("dynamodb:Query", "evaluation_runs/index/by_snapshot"): extended.finds_no_run,
        ("dynamodb:Query", "evaluation_runs"): extended.extends_a_run,
        ("dynamodb:PutItem", "evaluation_runs"): extended.extends_a_run,
        ("dynamodb:GetItem", "policies"): extended.extends_a_run,
    },
    "freshness_monitor": {
        ("dynamodb:Scan", "worlds"): scheduled.monitors,
        ("secretsmanager:GetSecretValue", "tokens"): scheduled.monitors_tokens,
        ("sqs:GetQueueAttributes", "relay-failures"): scheduled.monitors,
        **{
            ("sqs:GetQueueAttributes", name): scheduled.monitors
            for queue in QUEUES
            for name in (queue, f"{queue}-dead-letters")
        },
    },
    "anchor_keeper": {
        ("dynamodb:Query", "evaluation_runs"): runs.verifies_a_run,
        ("dynamodb:Scan", "evaluation_runs"): runs.verifies_runs,
        ("dynamodb:Query", "evaluation_runs/index/by_hour"): runs.anchors_an_hour,
        ("dynamodb:Scan", "evaluation_runs/index/by_hour"): runs.anchors_every_run,
        ("s3:GetObjectVersion", ANCHORS): runs.anchors_an_hour,
        ("s3:PutObject", ANCHORS): runs.anchors_every_run,
        ("s3:PutObjectRetention", ANCHORS): runs.anchors_every_run,
        ("s3:ListBucketVersions", "anchors"): runs.anchors_an_hour,
    },
    "blob_reaper": {
        ("s3:ListBucket", "bucket"): scheduled.deletes_orphan,
        ("s3:DeleteObject", BLOBS): scheduled.deletes_orphan,
        ("dynamodb:Query", "marks"): scheduled.deletes_orphan,
        ("dynamodb:GetItem", "marks"): scheduled.deletes_orphan,
        ("dynamodb:PutItem", "marks"): scheduled.deletes_orphan,
        ("dynamodb:DeleteItem", "marks"): scheduled.deletes_orphan,
        ("dynamodb:GetItem", "snapshots"): scheduled.keeps_referenced_blob,
    },
    "snapshot_mover": {
        ("dynamodb:Scan", "worlds"): history.moves,
        ("dynamodb:UpdateItem", "snapshots"): history.moves,
        ("dynamodb:Query", "snapshots"): history.moves,
        ("dynamodb:Query", "snapshots/index/by_as_of"): history.moves,
        ("dynamodb:GetItem", "segments"): history.moves,
        ("dynamodb:PutItem", "segments"): history.moves,
        ("dynamodb:Query", "segments"): history.moves,
        ("dynamodb:UpdateItem", "segments"): history.moves,
        ("s3:GetObject", HISTORY): history.moves,
        ("s3:PutObject", HISTORY): history.moves,
        ("s3:GetObject", BODIES): history.moves_a_large_book,
        ("s3:ListBucket", "bucket"): history.compares_lost_segment,
    },
}
