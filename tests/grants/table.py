"""Every grant next to the scenario that fails without it; a grant without such a scenario is not given."""

from collections.abc import Callable, Mapping
from typing import Final

from infra.names import FunctionFolder
from tests.grants import consumers, keepers, producers, workers
from tests.grants.workbench import Workbench

Scenario = Callable[[Workbench], None]
Rows = Mapping[tuple[str, str], Scenario]
BLOBS, BODIES, UPLOADS = (f"bucket/risk-{name}/*" for name in ("blobs", "bodies", "uploads"))
QUEUES: Final = ("risk-engine", "stress-engine", "exit-engine")

MISSED_BY: Final[dict[FunctionFolder, Rows]] = {
    "snapshot_writer": {
        ("dynamodb:PutItem", "snapshots"): producers.publishes,
        ("dynamodb:GetItem", "marks"): producers.offloads,
        ("dynamodb:PutItem", "marks"): producers.offloads,
        ("dynamodb:Scan", "worlds"): producers.repeats,
        ("secretsmanager:GetSecretValue", "tokens"): producers.opens,
        ("s3:GetObject", BLOBS): producers.refers,
        ("s3:GetObject", BODIES): producers.replays_a_large_book,
        ("s3:GetObject", UPLOADS): producers.completes,
        ("s3:PutObject", BLOBS): producers.offloads,
        ("s3:PutObject", BODIES): producers.replays_a_large_book,
        ("s3:PutObject", UPLOADS): producers.completes,
        ("s3:AbortMultipartUpload", UPLOADS): producers.aborts,
        ("s3:ListMultipartUploadParts", UPLOADS): producers.counts_parts,
        ("s3:ListBucket", "bucket"): producers.refuses_what_is_missing,
    },
    "snapshot_reader": {
        ("dynamodb:GetItem", "snapshots"): consumers.reads_a_version,
        ("dynamodb:BatchGetItem", "snapshots"): consumers.reads_what_was_known,
        ("dynamodb:Query", "snapshots/index/by_as_of"): consumers.reads_the_latest,
        ("dynamodb:Query", "snapshots/index/by_stage"): consumers.reads_the_latest_of_a_stage,
        ("dynamodb:Query", "snapshots/index/by_expiry"): consumers.reads_what_was_known,
        ("dynamodb:Query", "worlds"): consumers.explains_absence,
        ("dynamodb:Query", "evaluations"): consumers.reads_risk,
        ("dynamodb:Query", "evaluations/index/by_emission"): consumers.lists_signals,
        ("dynamodb:BatchGetItem", "evaluations"): consumers.backtests,
        ("secretsmanager:GetSecretValue", "tokens"): consumers.opens,
        ("s3:GetObject", BLOBS): consumers.expands,
        ("s3:GetObject", BODIES): consumers.reads_a_large_book,
        ("s3:ListBucket", "bucket"): consumers.misses_a_blob,
    },
    "world_registry": {
        ("dynamodb:UpdateItem", "worlds"): consumers.notes,
        ("dynamodb:GetItem", "worlds"): consumers.reads_a_note,
        ("dynamodb:Scan", "worlds"): consumers.lists_worlds,
        ("secretsmanager:GetSecretValue", "tokens"): consumers.registry_opens,
    },
    "event_relay": {
        ("dynamodb:UpdateItem", "worlds"): workers.relays,
        ("events:PutEvents", "bus"): workers.relays,
        ("sqs:SendMessage", "relay-failures"): workers.sets_aside,
        ("s3:GetObject", BODIES): workers.relays_a_large_book,
        ("dynamodb:Query", "snapshots/index/by_as_of"): workers.replays_a_period,
        ("dynamodb:Query", "snapshots/index/by_stage"): workers.evaluates_a_period_of_a_stage,
        ("dynamodb:Query", "evaluations"): workers.evaluates_a_period,
        ("dynamodb:GetItem", "snapshots"): workers.replays_a_version,
        ("dynamodb:GetItem", "evaluations"): workers.replays_an_evaluation,
    },
    "risk_engine": {
        ("dynamodb:GetItem", "snapshots"): workers.evaluates_risk_of_a_large_book,
        ("dynamodb:GetItem", "evaluations"): workers.verifies,
        ("dynamodb:PutItem", "evaluations"): workers.evaluates_risk,
        ("dynamodb:Scan", "worlds"): workers.comes_too_late_for_risk,
        ("s3:GetObject", BLOBS): workers.evaluates_risk_of_a_blob,
        ("s3:GetObject", BODIES): workers.evaluates_risk_of_a_large_book,
        ("s3:PutObject", BODIES): workers.evaluates_risk_of_a_large_book,
        ("s3:ListBucket", "bucket"): workers.evaluates_risk_without_its_blob,
    },
    "stress_engine": {
        ("dynamodb:GetItem", "snapshots"): workers.evaluates_stress_of_a_large_book,
        ("dynamodb:PutItem", "evaluations"): workers.evaluates_stress,
        ("dynamodb:Scan", "worlds"): workers.comes_too_late_for_stress,
        ("s3:GetObject", BLOBS): workers.evaluates_stress_of_a_blob,
        ("s3:GetObject", BODIES): workers.evaluates_stress_of_a_large_book,
        ("s3:ListBucket", "bucket"): workers.evaluates_stress_without_its_blob,
    },
    "exit_engine": {
        ("dynamodb:GetItem", "snapshots"): workers.signals,
        ("dynamodb:GetItem", "worlds"): workers.signals,
        ("dynamodb:Scan", "worlds"): workers.comes_too_late_for_signals,
        ("dynamodb:PutItem", "evaluations"): workers.signals,
        ("s3:GetObject", BODIES): workers.signals_on_a_large_book,
    },
    "freshness_monitor": {
        ("dynamodb:Scan", "worlds"): keepers.watches,
        ("secretsmanager:GetSecretValue", "tokens"): keepers.watches_tokens,
        ("sqs:GetQueueAttributes", "relay-failures"): keepers.watches,
        **{
            ("sqs:GetQueueAttributes", name): keepers.watches
            for queue in QUEUES
            for name in (queue, f"{queue}-dead-letters")
        },
    },
    "blob_reaper": {
        ("s3:ListBucket", "bucket"): keepers.reaps,
        ("s3:DeleteObject", BLOBS): keepers.reaps,
        ("dynamodb:Query", "marks"): keepers.reaps,
        ("dynamodb:GetItem", "marks"): keepers.reaps,
        ("dynamodb:PutItem", "marks"): keepers.reaps,
        ("dynamodb:DeleteItem", "marks"): keepers.reaps,
        ("dynamodb:GetItem", "snapshots"): keepers.spares,
    },
}
